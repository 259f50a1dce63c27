"""Intake put together: what the runtime and the HTTP app are made from."""

from collections.abc import Mapping

from services.intake.catalogue import Catalogue, load_catalogue
from services.intake.channels.rules import Channels, load_channels
from services.intake.clocks.rules import load_clock_rules
from services.intake.emergencies import routes as emergency_routes
from services.intake.escalations import handlers as escalation_handlers
from services.intake.escalations import routes as escalation_routes
from services.intake.evidence import routes as evidence_routes
from services.intake.evidence.cleaning import Cleaner
from services.intake.evidence.files import Files
from services.intake.evidence.rules import EvidenceRules, load_evidence_rules
from services.intake.evidence.stores import open_store
from services.intake.evidence.sweep import sweep_evidence
from services.intake.issues import command_routes, routes
from services.intake.issues import handlers as issue_handlers
from services.intake.issues.clocks import Clocks
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
    limits = load_limits(settings.intake_limits_file)
    calendar = load_calendar(settings.calendar_file, settings.zone)
    evidence = load_evidence_rules(settings.intake_evidence_file)
    return {
        IntakeSettings: settings,
        Catalogue: load_catalogue(settings.intake_categories_file),
        Limits: limits,
        Clocks: Clocks(limits, load_clock_rules(settings.intake_clocks_file), calendar, settings.zone),
        Channels: load_channels(settings.intake_channels_file),
        WorkingCalendar: calendar,
        Reports: Reports(),
        EvidenceRules: evidence,
        Files: Files(open_store(settings), Cleaner(evidence)),
    }


PLAN = Plan(intake, IntakeSettings, identify_key=identify_key, parts=_parts, background=(sweep_evidence,))
ROUTERS = (
    routes.reports,
    list_routes.router,
    routes.router,
    routes.public,
    command_routes.router,
    evidence_routes.files,
    evidence_routes.router,
    evidence_routes.links,
    emergency_routes.router,
    escalation_routes.router,
    key_routes.router,
)
