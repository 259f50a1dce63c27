"""Partners' name, tables and handlers in one place."""

from services.partners.cases.models import Case, CountedMonth, LedgerEntry, Measure
from services.partners.matches.models import Match
from services.partners.models import Base
from services.partners.needs.models import Need
from services.partners.offers.models import Offer
from services.partners.pledges.models import Pledge
from services.partners.units.models import Unit, UnitKey
from shared.service import Service

# Named here, so that whoever has the service has all of its tables.
TABLES = (Unit, UnitKey, Offer, Need, Match, Pledge, Case, Measure, LedgerEntry, CountedMonth)

partners = Service("partners", Base.metadata)
