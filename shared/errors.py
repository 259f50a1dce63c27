"""What a service may say no with; the HTTP edge turns it into a problem document (RFC 9457)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field; `field` is a path such as `location.point.0`."""

    field: str
    message: str


class Problem(Exception):
    """Base of every refusal: `type` is a stable slug that clients may switch on, `detail` is for people.

    `fields` names what to mend, `allowed` what could be done instead; both may be empty.
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self, detail: str = "", *, fields: Sequence[FieldError] = (), allowed: Sequence[str] | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.fields = tuple(fields)
        self.allowed = None if allowed is None else tuple(allowed)

    @property
    def headers(self) -> dict[str, str]:
        """HTTP headers that go with the refusal."""
        return {}


class Unauthorized(Problem):
    """We do not know who is calling."""

    status, type, title = 401, "unauthorized", "Authentication needed"

    @property
    def headers(self) -> dict[str, str]:
        """RFC 9110 asks a 401 to name the scheme."""
        return {"WWW-Authenticate": 'Bearer realm="sanlian"'}


class Forbidden(Problem):
    """We know who is calling, and they may not."""

    status, type, title = 403, "forbidden", "Not allowed for this caller"


class Absent(Problem):
    """What was asked for is not here, or not for this caller to know of."""

    status, type, title = 404, "not-found", "Not found"


class Refused(Problem):
    """A rule of the domain said no to a well-formed request."""

    status, type, title = 409, "refused", "Refused by a rule"


class IllegalTransition(Refused):
    """The record's state does not allow this command; `allowed` lists the commands that it does."""

    type, title = "illegal-transition", "Not possible in this state"


class Stale(Problem):
    """The caller's `If-Match` names a version that is no longer the current one."""

    status, type, title = 412, "stale-version", "The record has changed since you read it"


class TooLarge(Problem):
    """The body exceeds the bound that the endpoint states."""

    status, type, title = 413, "too-large", "Body too large"


class Unsupported(Problem):
    """The body is of a media type that the endpoint does not read."""

    status, type, title = 415, "unsupported-media-type", "Unsupported media type"


class Invalid(Problem):
    """The request is not well formed; `fields` says where."""

    status, type, title = 422, "invalid", "The request is not valid"


class Busy(Problem):
    """The service cannot take the request now and has kept nothing of it; trying again is safe."""

    status, type, title = 503, "busy", "Try again shortly"

    @property
    def headers(self) -> dict[str, str]:
        """One second is what a lock or a failing-over database usually takes."""
        return {"Retry-After": "1"}
