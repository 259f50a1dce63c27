"""The states of a need (domain.md §2.4), and how much of its place an outsider may know (§10)."""

import re

from services.partners.lifecycle import Lifecycle

_OPEN = {
    "cover": "matched",
    "cover-partly": "partly_matched",
    "uncover": "published",
    "fulfil": "fulfilled",
    "withdraw": "withdrawn",
    "mark-unsuitable": "unsuitable",
}

NEED = Lifecycle(
    "need",
    {
        "consent_pending": {"consent": "published", "withdraw": "withdrawn"},
        "published": {**_OPEN, "withdraw-consent": "published"},
        "partly_matched": {**_OPEN, "withdraw-consent": "partly_matched"},
        "matched": {
            **{name: after for name, after in _OPEN.items() if name != "mark-unsuitable"},
            "withdraw-consent": "matched",
        },
        "fulfilled": {"close": "closed", "withdraw-consent": "fulfilled"},
        "closed": {},
        "withdrawn": {},
        "unsuitable": {},
    },
    inner=frozenset({"cover", "cover-partly", "uncover", "fulfil"}),
)

SEEKING = ("published", "partly_matched")
LIVE = ("consent_pending", "published", "partly_matched", "matched")

# A mobile or landline number, or an identity number of 15 or 18 places, also with blanks or hyphens between.
_PERSONAL = re.compile(r"(?<!\d)(?:\d[ -]?){10,17}[\dXx](?![\dXx])")


def names_somebody(text: str) -> bool:
    """Whether a public text holds what looks like a phone or an identity number."""
    return _PERSONAL.search(text) is not None


def coverage(quantity: int, open_quantity: int) -> str:
    """The command that brings a need to the state its figures say."""
    if open_quantity == quantity:
        return "uncover"
    return "cover-partly" if open_quantity else "cover"


def public_place(area_code: str, like_cases: int, least: int) -> str:
    """The grid of a need, or its community where so few like cases would tell who it is (domain.md §10)."""
    return area_code[:15] if like_cases >= least else area_code[:12]
