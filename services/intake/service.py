"""The service itself: its name and its tables."""

from services.intake.models import Base
from shared.service import Service

intake = Service("intake", Base.metadata)
