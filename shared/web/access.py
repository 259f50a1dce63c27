"""Who may call an endpoint, and where: every endpoint says both."""

from enum import StrEnum
from typing import Any

from fastapi import Depends, Request

from shared.auth import ANONYMOUS, Caller, Role
from shared.errors import Forbidden, Unauthorized


class Scope(StrEnum):
    """What the area of the caller means to an endpoint.

    `record`: the use case holds it against the record's area (`work.permit`, `work.permit_own`);
    `list`: the answer is cut to it (`work.areas`); `everywhere`: it does not matter, by decision.
    """

    record = "record"
    list = "list"
    everywhere = "everywhere"


class Access:
    """The check of one endpoint; as a dependency it returns the caller."""

    def __init__(self, roles: frozenset[Role], scope: Scope) -> None:
        self.roles, self.scope = roles, scope

    async def __call__(self, request: Request) -> Caller:
        """Raise `Unauthorized` for nobody and `Forbidden` for the wrong role."""
        caller: Caller = request.state.caller
        request.state.scope = self.scope
        if self.roles and not caller.has(*self.roles):
            if caller is ANONYMOUS:
                raise Unauthorized("send a bearer token or an API key")
            names = ", ".join(sorted(self.roles))
            raise Forbidden(f"this needs one of the roles {names}")
        return caller


def allow(*roles: Role, area: Scope) -> Any:
    """The endpoint is for callers with one of these roles, within `area`."""
    if not roles:
        raise TypeError("name the roles, or use allow_anyone")
    return Depends(Access(frozenset(roles), area))


def allow_anyone() -> Any:
    """The endpoint is public; the caller may be `ANONYMOUS`."""
    return Depends(Access(frozenset(), Scope.everywhere))
