"""What a service tells of itself while it runs: logs, traces, metrics."""

from shared.telemetry.logs import configure_logging, logged
from shared.telemetry.metrics import METRICS_MEDIA_TYPE, Metrics
from shared.telemetry.traces import continued, current_traceparent, new_provider, start

__all__ = [
    "METRICS_MEDIA_TYPE",
    "Metrics",
    "configure_logging",
    "continued",
    "current_traceparent",
    "logged",
    "new_provider",
    "start",
]
