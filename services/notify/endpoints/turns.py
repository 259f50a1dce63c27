"""How an endpoint moves from state to state, whoever moves it: a person, or the sender."""

from services.notify.models import Endpoint
from services.notify.rules.states import EndpointState
from shared.events.notify import EndpointDisabled, EndpointSnapshot
from shared.service import Work


def turn(endpoint: Endpoint, state: EndpointState, work: Work, *, reason: str | None = None) -> None:
    """Move a locked endpoint to a state; that it was disabled is told to the others, with the reason."""
    endpoint.state, endpoint.reason = state, reason
    endpoint.version += 1
    endpoint.updated_at = work.now
    if state is EndpointState.disabled:
        work.emit(EndpointDisabled(endpoint=snapshot_of(endpoint), reason=reason or ""))


def snapshot_of(endpoint: Endpoint) -> EndpointSnapshot:
    """The endpoint as others may see it: without its address."""
    return EndpointSnapshot(
        id=endpoint.id,
        version=endpoint.version,
        office=endpoint.office,
        state=endpoint.state,
        area_code=endpoint.area_code,
    )
