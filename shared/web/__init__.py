"""A service over HTTP: its app, its edge that commits, its refusals, its pages of lists."""

from shared.web.access import Scope, allow, allow_anyone
from shared.web.edge import RequestWork, WorkRoute, claim_of, replayed, versioned
from shared.web.grouped import Grouped
from shared.web.grouped_route import GroupedRoute
from shared.web.paging import Page, Paging, page_of

__all__ = [
    "Grouped",
    "GroupedRoute",
    "Page",
    "Paging",
    "RequestWork",
    "Scope",
    "WorkRoute",
    "allow",
    "allow_anyone",
    "claim_of",
    "page_of",
    "replayed",
    "versioned",
]
