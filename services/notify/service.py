"""The service by name, with its tables."""

from services.notify.models import Base
from shared.service import Service

notify = Service("notify", Base.metadata)
