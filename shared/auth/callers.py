"""The caller: a role says what they may do, an area says where."""

from dataclasses import dataclass, field
from enum import StrEnum

# Province, prefecture, county (GB/T 2260), street, community, grid, micro-grid.
AREA_CODE_LENGTHS = frozenset({2, 4, 6, 9, 12, 15, 18})


class Role(StrEnum):
    """What a caller is allowed to do."""

    RESIDENT = "resident"
    GRID_WORKER = "grid_worker"
    GRID_LEADER = "grid_leader"
    COMMUNITY_CLERK = "community_clerk"
    COMMUNITY_SECRETARY = "community_secretary"
    STREET_OFFICER = "street_officer"
    PARTNER_CONTACT = "partner_contact"
    OPERATOR = "operator"


class CallerKind(StrEnum):
    """What a caller is: a human being, a member unit, a street office, or nobody we know."""

    PERSON = "person"
    PARTNER = "partner"
    OFFICE = "office"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who has been authenticated (or `ANONYMOUS`).

    `areas` are codes that stand for everything beneath them; `unit` is the code of the partner unit or the
    office that the caller speaks for. A malformed area raises ValueError: an empty one would cover all.
    """

    subject: str
    roles: frozenset[Role] = frozenset()
    areas: tuple[str, ...] = ()
    unit: str | None = None
    name: str | None = field(default=None, repr=False)
    kind: CallerKind = CallerKind.PERSON

    def __post_init__(self) -> None:
        for area in self.areas:
            if not is_area_code(area):
                raise ValueError(f"{area!r} is not an area code")

    @property
    def is_known(self) -> bool:
        """Whether the caller has shown who they are."""
        return self.kind is not CallerKind.ANONYMOUS

    def covers(self, area_code: str) -> bool:
        """Whether the place with this code lies in one of the caller's areas."""
        return any(area_code.startswith(area) for area in self.areas)

    def has(self, *roles: Role) -> bool:
        """Whether the caller holds at least one of these roles."""
        return not self.roles.isdisjoint(roles)


ANONYMOUS = Caller(subject="anonymous", kind=CallerKind.ANONYMOUS)


def is_area_code(text: str) -> bool:
    """Whether the text is a code of one of the seven levels, from province to micro-grid."""
    return len(text) in AREA_CODE_LENGTHS and text.isascii() and text.isdigit()
