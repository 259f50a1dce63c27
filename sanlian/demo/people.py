"""The people of the demo: whom a token speaks for, what they may do, and where."""

from dataclasses import dataclass
from datetime import timedelta

from sanlian.footings import State
from sanlian.sign_in import sign_token
from shared.auth import Caller, Role

COMMUNITY = "620102014006"
STREET = COMMUNITY[:9]
FIRST_GRID = COMMUNITY + "001"
TOKEN_DAYS = 30


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo; `zh` and `en` say who they are to a reader."""

    subject: str
    role: Role
    area: str | None
    zh: str
    en: str
    unit: str | None = None

    @property
    def caller(self) -> Caller:
        areas = () if self.area is None else (self.area,)
        return Caller(self.subject, frozenset({self.role}), areas, self.unit)


RESIDENT = Person("resident:1", Role.RESIDENT, None, "居民", "resident")
WORKER = Person(
    f"{FIRST_GRID}:full_time_worker",
    Role.GRID_WORKER,
    FIRST_GRID,
    "第一网格专职网格员",
    "grid worker, first grid",
)
LEADER = Person(
    f"{FIRST_GRID}:grid_leader", Role.GRID_LEADER, FIRST_GRID, "第一网格网格长", "leader, first grid"
)
CLERK = Person(f"{COMMUNITY}:clerk", Role.COMMUNITY_CLERK, COMMUNITY, "社区工作人员", "community clerk")
SECOND_CLERK = Person(
    f"{COMMUNITY}:clerk2", Role.COMMUNITY_CLERK, COMMUNITY, "社区回访员", "community clerk who calls back"
)
SECRETARY = Person(
    f"{COMMUNITY}:secretary", Role.COMMUNITY_SECRETARY, COMMUNITY, "社区党委书记", "community secretary"
)
OFFICER = Person(f"{STREET}:officer", Role.STREET_OFFICER, STREET, "街道综治中心", "street command centre")
CONTACT = Person(
    "PU-HTZQ:contact",
    Role.PARTNER_CONTACT,
    COMMUNITY,
    "共建单位联络员",
    "contact of a partner unit",
    "PU-HTZQ",
)
OPERATOR = Person("operator", Role.OPERATOR, STREET, "系统管理员", "operator")

PEOPLE = (RESIDENT, WORKER, LEADER, CLERK, SECOND_CLERK, SECRETARY, OFFICER, CONTACT, OPERATOR)


def worker_of(grid: str) -> Person:
    """The full-time worker of any grid."""
    return Person(f"{grid}:full_time_worker", Role.GRID_WORKER, grid, "网格员", "grid worker")


def token_of(state: State, person: Person, days: int = TOKEN_DAYS) -> str:
    return sign_token(state, person.caller, ttl=timedelta(days=days))
