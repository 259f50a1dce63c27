"""notify, put together."""

from collections.abc import Mapping

from services.notify import handlers
from services.notify.calls import routes as calls
from services.notify.deliveries import routes as deliveries
from services.notify.deliveries.courier import Courier, deliver
from services.notify.endpoints import keys
from services.notify.endpoints import routes as endpoints
from services.notify.messages.history import keep_history_short
from services.notify.models import Base, vault
from services.notify.rules.engine import Engine
from services.notify.service import notify
from services.notify.settings import NotifySettings
from shared.http import HttpClient
from shared.rotation import Secrets, keeping_keys_current
from shared.runtime import Plan
from shared.settings import load_yaml

# Importing the handlers registers them.
__all__ = ["PLAN", "ROUTERS", "handlers"]


def _parts(settings: NotifySettings) -> Mapping[type, object]:
    vault.unlock(settings.keyring)
    engine = load_yaml(settings.webhook_engine_file, Engine)
    http = HttpClient(settings.outbound, connections=settings.webhook_slots * 2)
    return {NotifySettings: settings, Engine: engine, Courier: Courier(http, settings, engine)}


SECRETS = Secrets(Base.metadata, vault)
PLAN = Plan(
    notify,
    NotifySettings,
    parts=_parts,
    background=(deliver, keep_history_short, keeping_keys_current(SECRETS)),
)
ROUTERS = (endpoints.router, keys.router, deliveries.router, calls.router)
