"""notify, put together."""

from collections.abc import Mapping

from services.notify import handlers
from services.notify.calls import routes as calls
from services.notify.deliveries import routes as deliveries
from services.notify.deliveries.courier import Courier, deliver
from services.notify.endpoints import routes as endpoints
from services.notify.messages.history import keep_history_short
from services.notify.models import vault
from services.notify.service import notify
from services.notify.settings import NotifySettings
from shared.http import HttpClient
from shared.runtime import Plan

# Importing the handlers registers them.
__all__ = ["PLAN", "ROUTERS", "handlers"]


def _parts(settings: NotifySettings) -> Mapping[type, object]:
    vault.unlock(settings.keyring)
    http = HttpClient(settings.outbound, connections=settings.webhook_slots * 2)
    return {NotifySettings: settings, Courier: Courier(http, settings)}


PLAN = Plan(
    notify,
    NotifySettings,
    parts=_parts,
    background=(deliver, keep_history_short),
)
ROUTERS = (endpoints.router, deliveries.router, calls.router)
