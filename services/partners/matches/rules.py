"""The states of a match (domain.md §2.4)."""

from services.partners.lifecycle import Lifecycle

MATCH = Lifecycle(
    "match",
    {
        "proposed": {
            "approve": "community_ok",
            "offer": "offered",
            "decline": "declined",
            "lapse": "lapsed",
        },
        "community_ok": {"offer": "offered", "decline": "declined", "lapse": "lapsed"},
        "offered": {"accept": "accepted", "decline": "declined", "lapse": "lapsed"},
        "accepted": {},
        "declined": {},
        "lapsed": {},
    },
    inner=frozenset({"lapse"}),
)

# What a unit may know of: before the community asks it, a match is the community's own thought.
SHOWN_TO_UNIT = ("offered", "accepted", "declined", "lapsed")
