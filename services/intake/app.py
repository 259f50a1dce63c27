"""Intake put together: what the runtime and the HTTP app are made from."""

from collections.abc import Mapping

from services.intake.catalogue import Catalogue, load_catalogue
from services.intake.channels import routes as channel_routes
from services.intake.channels.rules import Channels, load_channels
from services.intake.clocks import routes as clock_routes
from services.intake.clocks.renewal import keep_to_calendar
from services.intake.clocks.rules import load_clock_rules
from services.intake.clocks.watch import watch_clocks
from services.intake.emergencies import routes as emergency_routes
from services.intake.escalations import handlers as escalation_handlers
from services.intake.escalations import routes as escalation_routes
from services.intake.escalations.criteria import Criteria, load_criteria
from services.intake.evidence import routes as evidence_routes
from services.intake.evidence.cleaning import Cleaner
from services.intake.evidence.files import Files
from services.intake.evidence.rules import EvidenceRules, load_evidence_rules
from services.intake.evidence.stores import open_store
from services.intake.evidence.sweep import sweep_evidence
from services.intake.exports import routes as export_routes
from services.intake.exports.rules import ExportRules, load_export_rules
from services.intake.extensions import routes as extension_routes
from services.intake.families import routes as family_routes
from services.intake.identity import routes as identity_routes
from services.intake.imports import routes as import_routes
from services.intake.imports.commands import Imports
from services.intake.imports.rules import ImportRules, load_import_rules
from services.intake.issues import command_routes, routes
from services.intake.issues import handlers as issue_handlers
from services.intake.issues.clocks import Clocks
from services.intake.issues.reports import Reports
from services.intake.kpis import routes as kpi_routes
from services.intake.kpis.folding import keep_count
from services.intake.kpis.rules import KpiRules, load_kpi_rules
from services.intake.kpis.telling import keep_telling
from services.intake.limits import Limits, load_limits
from services.intake.lists import routes as list_routes
from services.intake.mediation import routes as mediation_routes
from services.intake.models import VAULT
from services.intake.open311 import key_routes as open311_key_routes
from services.intake.open311 import routes as open311_routes
from services.intake.open311.keys import identify_key
from services.intake.open311.posting import Postings
from services.intake.open311.rules import GeoReport, load_open311
from services.intake.open311.updates import Updates
from services.intake.oversight import routes as oversight_routes
from services.intake.oversight.watch import keep_oversight
from services.intake.personal import routes as personal_routes
from services.intake.personal.retention import keep_retention
from services.intake.personal.rotation import SECRETS
from services.intake.personal.rules import PersonalRules, load_personal_rules
from services.intake.service import intake
from services.intake.settings import IntakeSettings
from services.intake.street import handlers as street_handlers
from services.intake.street import routes as street_routes
from services.intake.suggestions import routes as suggestion_routes
from services.intake.suggestions.advice import Adviser
from services.intake.suggestions.rules import load_suggestion_rules
from services.intake.suggestions.sorting import Sorter
from services.intake.tasks import routes as task_routes
from shared.calendar import WorkingCalendar, load_calendar
from shared.rotation import keeping_keys_current
from shared.runtime import Plan

# Handlers register when their modules are read; naming them here keeps the imports honest.
HANDLERS = (issue_handlers, escalation_handlers, street_handlers)


def _parts(settings: IntakeSettings) -> Mapping[type, object]:
    VAULT.unlock(settings.keyring)
    catalogue = load_catalogue(settings.intake_categories_file)
    limits = load_limits(settings.intake_limits_file)
    calendar = load_calendar(settings.calendar_file, settings.zone)
    evidence = load_evidence_rules(settings.intake_evidence_file)
    suggestions = load_suggestion_rules(settings.intake_suggestions_file)
    return {
        IntakeSettings: settings,
        Catalogue: catalogue,
        GeoReport: load_open311(catalogue, settings.intake_open311_file),
        Limits: limits,
        Criteria: load_criteria(settings.intake_criteria_file),
        Clocks: Clocks(limits, load_clock_rules(settings.intake_clocks_file), calendar, settings.zone),
        Channels: load_channels(settings.intake_channels_file),
        PersonalRules: load_personal_rules(settings.intake_personal_file),
        ExportRules: load_export_rules(settings.intake_exports_file),
        KpiRules: load_kpi_rules(settings.intake_kpis_file),
        WorkingCalendar: calendar,
        Reports: Reports(),
        ImportRules: load_import_rules(settings.intake_imports_file),
        Imports: Imports(),
        Postings: Postings(),
        Updates: Updates(),
        Adviser: Adviser(suggestions, Sorter(suggestions, catalogue)),
        EvidenceRules: evidence,
        Files: Files(open_store(settings), Cleaner(evidence)),
    }


PLAN = Plan(
    intake,
    IntakeSettings,
    identify_key=identify_key,
    parts=_parts,
    background=(
        watch_clocks,
        keep_to_calendar,
        sweep_evidence,
        keep_count,
        keep_telling,
        keep_retention,
        keep_oversight,
        keeping_keys_current(SECRETS),
    ),
)
ROUTERS = (
    routes.reports,
    list_routes.router,
    kpi_routes.router,
    export_routes.router,
    oversight_routes.asked,
    oversight_routes.router,
    personal_routes.router,
    routes.router,
    routes.public,
    command_routes.router,
    extension_routes.router,
    family_routes.router,
    street_routes.router,
    task_routes.of_issue,
    task_routes.router,
    mediation_routes.of_issue,
    mediation_routes.router,
    evidence_routes.files,
    evidence_routes.router,
    evidence_routes.links,
    suggestion_routes.router,
    suggestion_routes.drafts,
    emergency_routes.router,
    escalation_routes.router,
    escalation_routes.grounds_router,
    identity_routes.router,
    clock_routes.router,
    channel_routes.router,
    import_routes.router,
    import_routes.templates,
    open311_key_routes.router,
    open311_routes.router,
)
