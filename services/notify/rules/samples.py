"""One example of every message, written by the same code that writes the real ones."""

from datetime import UTC, datetime
from uuid import UUID

import orjson

from services.notify.rules.feeds import SENT_AS, Feed, write
from services.notify.rules.subjects import subject_of
from shared.events import Event

_MOMENT = "2026-03-05T02:05:00Z"
_PLACE = {
    "community_code": "620102014006",
    "street_code": "620102014",
    "area_code": "620102014006001",
}
_REFERENCES = {
    "issue_id": "01890000-0000-7000-8000-000000000001",
    "issue_no": "WLD-20260305-0001",
    "need_id": "01890000-0000-7000-8000-000000000002",
    "offer_id": "01890000-0000-7000-8000-000000000003",
    "match_id": "01890000-0000-7000-8000-000000000004",
    "unit_code": "PU-HT",
    "help_no": 1,
}
_SNAPSHOTS: dict[str, dict[str, object]] = {
    "issue": {
        "no": _REFERENCES["issue_no"],
        "state": "in_progress",
        "channel": "grid_patrol",
        "category": "0101",
        "urgency": "U0",
        "level": 1,
        "max_level": 1,
        "colour": "red",
        "pillar": "livelihood",
        "privacy_class": 0,
        "affected_households": 2,
        "handler": None,
        "assignment_round": 0,
        "decline_count": 0,
        "reopen_count": 0,
        "reported_at": _MOMENT,
        "due_accept": _MOMENT,
        "due_respond": _MOMENT,
        "due_resolve": _MOMENT,
        "outcome_code": None,
    },
    "escalation": {
        "category": "0101",
        "urgency": "U0",
        "type": "handover",
        "state": "sent",
        "from_level": 2,
        "to_level": 3,
        "target": "620102014",
        "due_ack": _MOMENT,
        "due_reply": _MOMENT,
        "returns": 0,
        "privacy_class": 0,
    },
    "report": {
        "first": "2026-03-05",
        "last": "2026-03-05",
        "counted_at": "2026-03-05T16:10:00Z",
        "small_sample": 10,
        "community": [
            {"code": "K1", "numerator": 19, "denominator": 20, "value": 0.95},
            {"code": "K4", "numerator": 6, "denominator": 7, "value": None},
        ],
        "grids": [
            {
                "area_code": "620102014006001",
                "figures": [{"code": "K1", "numerator": 5, "denominator": 5, "value": None}],
            }
        ],
    },
    "need": {
        "kind": "goods",
        "tags": ["grain_and_oil"],
        "measure": "set",
        "quantity": 7,
        "open_quantity": 7,
        "urgency": "U2",
        "state": "published",
    },
    "match": {"quantity": 7, "score": 89.6, "reasons": {"kind": 40.0, "distance": 20.0}, "state": "proposed"},
    "partner_unit": {"code": "PU-HT", "name": "Haitong branch", "kind": "enterprise", "state": "active"},
    "risk_summary": {"week": "2026-03-02"},
    "case_count": {"month": "2026-02-01"},
    "pledge": {"quantity": 7, "delivered_quantity": 0, "state": "made"},
}
# What single facts hold beside the state of their subject.
_FACTS: dict[str, object] = {
    "automatic": True,
    "reason_code": "incomplete",
    "reason": "no_capacity",
    "late": False,
    "master_id": _REFERENCES["issue_id"],
    "master_no": _REFERENCES["issue_no"],
    "declined_by": {"unit": "620102014006001", "person": "620102014006001:full_time_worker"},
    # A moment for most, and the day of it where an agreement ends.
    "until": "2026-03-06T00:00:00Z",
    "escalation_id": "01890000-0000-7000-8000-000000000005",
    "evidence_count": 1,
    "reached": True,
    "solved": True,
    "rating": 5,
    "closed_at": _MOMENT,
    "scheduled_for": _MOMENT,
    "street_no": "GXD-2026-0117",
    "outcome_code": "done",
    "help": {
        "no": 1,
        "kind": "goods",
        "quantity": 7,
        "unit": "set",
        "public_text": "Seven sets of grain and oil",
    },
    "dossier": {
        "facts": "Fire in a shop, put out",
        "tried": ["fire brigade called"],
        "ask": "Send the safety office",
        "place": "North gate of Beifangyuan",
        "need_kind": "goods",
        "household_size": "1",
    },
    "target": "620102014",
    "unit": "Law enforcement team",
    "grids": [{"grid_code": "620102014006001", "red": 3, "yellow": 12, "blue": 397}],
    "programmes": [{"programme": "relief_request", "active": 4, "reviewed": 1}],
    "grade": 2,
    "due": _MOMENT,
    "at": _MOMENT,
    "by": "ST-CMD",
    "score": 4,
    "off_list": False,
    "reporter_ref": "GXD-R-9",
    "relief_id": "01890000-0000-7000-8000-000000000007",
    "household_code": None,
    "office": "Women's federation of the street",
    "given_at": _MOMENT,
    "form": "goods",
    "goods": [{"what": "quilt", "quantity": 2, "measure": "piece"}],
    "report_no": 1,
    "stage": "first",
    "place": "North side of Beifangyuan",
    "casualties": 0,
    "damage": "one shop",
    "trend": "under control",
    "actions": "people led out, power cut",
    "called": "grid worker, 10:02",
    "on_site_lead": "full-time grid worker",
    "clock": "respond",
    "due_at": _MOMENT,
    "used_percent": 80,
    "minutes_late": 12,
    "from_level": 1,
    "to_level": 2,
    "from_category": "0101",
    "from_urgency": "U2",
    "parts": 2,
    "due_before": _MOMENT,
    "awaited": "reply",
    "reminder_no": 1,
}


def sample_event(feed: Feed, /, **changes: object) -> Event:
    """An event that goes out under this feed, as it might have been; `changes` go into its snapshot."""
    about = feed.event.about
    snapshot: dict[str, object] = {
        **_PLACE,
        **_REFERENCES,
        **_SNAPSHOTS[about],
        "id": "01890000-0000-7000-8000-000000000006",
        "version": 3,
    }
    sent_as = {other.type: type for type, other in SENT_AS.items()}
    if feed.type in sent_as:
        snapshot["type"] = sent_as[feed.type]
    snapshot |= changes
    return feed.event.model_validate({about: snapshot, **_FACTS})


def example_of(feed: Feed, public_url: str) -> object:
    """The message that the event would become, as parsed JSON."""
    event = sample_event(feed)
    body = write(
        event,
        feed,
        subject_of(event, feed.type),
        webhook_id="msg_" + UUID(int=7).hex,
        occurred_at=datetime.fromisoformat(_MOMENT).astimezone(UTC),
        public_url=public_url,
    )
    document: object = orjson.loads(body)
    return document
