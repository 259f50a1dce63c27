"""Intake put together: what the runtime and the HTTP app are made from."""

from collections.abc import Mapping

from services.intake.catalogue import Catalogue, load_catalogue
from services.intake.channels.rules import Channels, load_channels
from services.intake.emergencies import routes as emergency_routes
from services.intake.escalations import handlers as escalation_handlers
from services.intake.escalations import routes as escalation_routes
from services.intake.evidence import routes as evidence_routes
from services.intake.issues import command_routes, routes
from services.intake.issues import handlers as issue_handlers
from services.intake.issues.reports import Reports
from services.intake.limits import Limits, load_limits
from services.intake.lists import routes as list_routes
from services.intake.models import VAULT
from services.intake.open311 import key_routes
from services.intake.open311.keys import identify_key
from services.intake.service import intake
from services.intake.settings import IntakeSettings
from shared.calendar import WorkingCalendar, load_calendar
from shared.runtime import Plan

# Handlers register when their modules are read; naming them here keeps the imports honest.
HANDLERS = (issue_handlers, escalation_handlers)


def _parts(settings: IntakeSettings) -> Mapping[type, object]:
    VAULT.unlock(settings.keyring)
    return {
        IntakeSettings: settings,
        Catalogue: load_catalogue(settings.intake_categories_file),
        Limits: load_limits(settings.intake_limits_file),
        Channels: load_channels(settings.intake_channels_file),
        WorkingCalendar: load_calendar(settings.calendar_file, settings.zone),
        Reports: Reports(),
    }


PLAN = Plan(intake, IntakeSettings, identify_key=identify_key, parts=_parts)
ROUTERS = (
    routes.reports,
    list_routes.router,
    routes.router,
    routes.public,
    command_routes.router,
    evidence_routes.router,
    emergency_routes.router,
    escalation_routes.router,
    key_routes.router,
)
