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
        snapshot = EndpointSnapshot(
            id=endpoint.id, version=endpoint.version, office=endpoint.office, state=state
        )
        work.emit(EndpointDisabled(endpoint=snapshot, reason=reason or ""))
