"""Partners as a process: what the runtime runs, and what it serves."""

from collections.abc import Mapping

from services.partners import handlers
from services.partners.cases.routes import router as cases
from services.partners.clocks import watch_the_clock, write_key_uses
from services.partners.matches.routes import router as matches
from services.partners.models import Base, vault
from services.partners.needs.routes import router as needs
from services.partners.offers.routes import router as offers
from services.partners.pledges.routes import router as pledges
from services.partners.service import partners
from services.partners.settings import PartnersSettings, Terms, load_terms
from services.partners.units.keys import KeyUses, identify_key
from services.partners.units.routes import router as units
from shared.calendar import WorkingCalendar, load_calendar
from shared.rotation import Secrets, keeping_keys_current
from shared.runtime import Plan


def parts(settings: PartnersSettings) -> Mapping[type, object]:
    vault.unlock(settings.keyring)
    return {
        PartnersSettings: settings,
        Terms: load_terms(settings),
        WorkingCalendar: load_calendar(settings.calendar_file, settings.zone),
        KeyUses: KeyUses(),
    }


SECRETS = Secrets(Base.metadata, vault)
PLAN = Plan(
    partners,
    PartnersSettings,
    parts=parts,
    background=(watch_the_clock, write_key_uses, keeping_keys_current(SECRETS)),
    identify_key=identify_key,
)
ROUTERS = (units, offers, needs, matches, pledges, cases)

__all__ = ["PLAN", "ROUTERS", "handlers"]
