"""The service by name, with its tables."""

from services.notify.calls.models import CategoryCode, IssueCopy, StreetNumber, TimeAsked
from services.notify.endpoints.models import EndpointRuntime
from services.notify.models import Base
from shared.service import Service

# Named here, so that whoever has the service has all of its tables.
TABLES = (CategoryCode, EndpointRuntime, IssueCopy, StreetNumber, TimeAsked)

notify = Service("notify", Base.metadata)
