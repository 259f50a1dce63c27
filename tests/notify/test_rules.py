"""The pure rules: signatures, retries, slots, and what may be said when."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from services.notify.rules.filters import PATTERN, matches
from services.notify.rules.retries import SCHEDULE_S, judge, read_retry_after
from services.notify.rules.signing import is_signed, key_of, new_key_pair, new_secret, sign, signing_key_of
from services.notify.rules.states import DeliveryState
from services.notify.rules.street_calls import RULES, Aim, allowed_in
from services.notify.rules.street_words import without_numbers
from shared.events.intake import EscalationState, EscalationType, IssueState

NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)

# The vector of the specification's own tests.
KEY, ID, AT = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

PRIVATE = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
ASYMMETRIC = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="


def test_the_golden_vector_of_the_specification_comes_out() -> None:
    assert sign([key_of(KEY)], ID, AT, BODY) == SIGNATURE
    assert sign([key_of("whsec_" + KEY)], ID, AT, BODY) == SIGNATURE
    assert is_signed([key_of(KEY)], SIGNATURE, ID, AT, BODY)


def test_the_golden_vector_of_the_asymmetric_scheme_comes_out() -> None:
    assert sign([signing_key_of(PRIVATE)], ID, AT, BODY) == ASYMMETRIC
    keys = [signing_key_of(PRIVATE), signing_key_of(KEY)]
    assert sign(keys, ID, AT, BODY) == f"{SIGNATURE} {ASYMMETRIC}", (
        "strict readers stop at the first that fits"
    )


def test_a_key_pair_is_written_as_the_specification_has_it() -> None:
    private, public = new_key_pair()
    both = b64decode(private.removeprefix("whsk_"))
    assert (len(both), PUBLIC.startswith("whpk_")) == (64, True)
    assert public == "whpk_" + b64encode(both[32:]).decode()
    with pytest.raises(ValueError, match="whsk_"):
        signing_key_of("whsk_not/base64!")


@given(body=st.binary(max_size=200), timestamp=st.integers(0, 4_000_000_000))
def test_what_we_sign_is_what_the_library_signs(body: bytes, timestamp: int) -> None:
    text = body.decode("utf-8", "replace")
    secret, at = new_secret(), datetime.fromtimestamp(timestamp, UTC)
    theirs = Webhook(secret).sign(ID, at, text)
    assert sign([key_of(secret)], ID, timestamp, text.encode()) == theirs
    assert is_signed([key_of(new_secret()), key_of(secret)], theirs, ID, timestamp, text.encode())


@pytest.mark.parametrize("byte", range(len(BODY)))
def test_a_body_with_any_byte_changed_is_refused(byte: int) -> None:
    changed = bytearray(BODY)
    changed[byte] ^= 1
    assert not is_signed([key_of(KEY)], SIGNATURE, ID, AT, bytes(changed))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1",
        "v1,",
        "v1,!!!",
        "v1,ä",
        SIGNATURE.replace("v1,", "v1a,"),
        SIGNATURE.replace("v1,", ""),
        SIGNATURE[:-4],
        "v1," + b64encode(b"short").decode(),
    ],
)
def test_a_signature_that_is_none_is_refused_and_breaks_nothing(header: str) -> None:
    assert not is_signed([key_of(KEY)], header, ID, AT, BODY)
    assert is_signed([key_of(KEY)], f"{header}  {SIGNATURE}", ID, AT, BODY), "another entry may still fit"


def test_nothing_is_signed_where_there_is_no_key() -> None:
    assert not is_signed([], SIGNATURE, ID, AT, BODY)
    with pytest.raises(ValueError, match="whsec_"):
        key_of("whsec_not/base64!")


def test_a_new_secret_has_32_bytes_in_the_standard_alphabet() -> None:
    assert len(key_of(new_secret())) == 32
    assert new_secret() != new_secret()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_success(status: int) -> None:
    assert judge(status, step=3, now=NOW, chance=0.5).state is DeliveryState.succeeded


@pytest.mark.parametrize(
    "status", [None, 199, 300, 301, 302, 307, 308, 400, 401, 404, 408, 413, 429, 500, 504]
)
def test_all_else_is_tried_again_on_schedule_and_then_ends(status: int | None) -> None:
    for step, seconds in enumerate(SCHEDULE_S):
        verdict = judge(status, step=step, now=NOW, chance=0.5)
        assert verdict.state is DeliveryState.pending
        assert verdict.next_at == NOW + timedelta(seconds=seconds)
    assert judge(status, step=len(SCHEDULE_S), now=NOW, chance=0.5).state is DeliveryState.exhausted


def test_the_whole_schedule_is_ten_tries_over_75_hours_and_35_minutes() -> None:
    assert (len(SCHEDULE_S) + 1, sum(SCHEDULE_S)) == (10, 75 * 3600 + 35 * 60 + 5)


@given(chance=st.floats(0, 1), step=st.integers(0, len(SCHEDULE_S) - 1))
def test_jitter_stays_within_a_fifth_of_the_step(chance: float, step: int) -> None:
    verdict = judge(500, step=step, now=NOW, chance=chance)
    assert verdict.next_at is not None
    assert 0.8 <= (verdict.next_at - NOW).total_seconds() / SCHEDULE_S[step] <= 1.2


def test_gone_is_gone_and_burns_no_schedule() -> None:
    verdict = judge(410, step=99, now=NOW, chance=0.5)
    assert (verdict.disable, verdict.state, verdict.next_at) == ("gone", DeliveryState.pending, NOW)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        (" 7 ", 7),
        ("1000000000", 86_400),
        ("9" * 5000, 86_400),
        ("Thu, 05 Mar 2026 10:10:00 GMT", 600),
        ("Thu, 05 Mar 2026 09:00:00 GMT", 1),
        ("Thu, 05 Mar 2026 10:10:00 -0000", 600),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("٣", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_nonsense_is_passed_over(
    header: str | None, seconds: float | None
) -> None:
    wanted = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert read_retry_after(header, NOW) == wanted


def test_a_receiver_may_ask_for_more_time_and_never_for_less() -> None:
    longer = judge(503, step=0, now=NOW, chance=0.5, headers={"retry-after": "60"})
    shorter = judge(503, step=1, now=NOW, chance=0.5, headers={"retry-after": "60"})
    plain = judge(500, step=0, now=NOW, chance=0.5, headers={"retry-after": "60"})
    assert longer.next_at == longer.pause == NOW + timedelta(seconds=60)
    assert shorter.next_at == NOW + timedelta(seconds=300)
    assert (plain.next_at, plain.pause) == (NOW + timedelta(seconds=60), None)


@pytest.mark.parametrize("pattern", ["issue.*", "issue.closed", "partner.delivery_confirmed", "*"])
def test_a_pattern_is_a_type_or_a_family_or_all(pattern: str) -> None:
    assert PATTERN.match(pattern)


@pytest.mark.parametrize(
    "pattern", ["issue", "issue.", ".closed", "issue.**", "*.closed", "Issue.closed", "i.c.x"]
)
def test_other_patterns_are_none(pattern: str) -> None:
    assert not PATTERN.match(pattern)
    assert not matches((pattern,), "issue.closed")


def test_an_ended_escalation_takes_no_more_answers() -> None:
    open_states = {EscalationState.sent, EscalationState.acknowledged, EscalationState.handling}
    answers = {"escalation.ack", "escalation.return", "escalation.progress", "escalation.reply"}
    for state in EscalationState:
        assert (not answers.isdisjoint(allowed_in(state))) == (state in open_states)
    assert answers < set(allowed_in(EscalationState.sent))
    assert allowed_in(EscalationState.handling) == (
        "escalation.assign_department",
        "escalation.progress",
        "escalation.reply",
    )


def test_an_escalation_is_answered_as_its_kind_asks_and_confirmed_when_it_is_over() -> None:
    assert "escalation.check_in" in allowed_in(EscalationState.sent, EscalationType.whistle)
    assert "escalation.relief_result" in allowed_in(EscalationState.sent, EscalationType.relief_request)
    handover = allowed_in(EscalationState.sent)
    assert not {"escalation.check_in", "escalation.relief_result"} & set(handover)
    assert allowed_in(EscalationState.recalled) == ("escalation.recall_confirm",)
    for state in (EscalationState.replied, EscalationState.returned, EscalationState.closed):
        assert allowed_in(state) == ("escalation.close_confirm",)
    assert not any(allowed_in(state) for state in (EscalationState.requested, EscalationState.refused))


def test_every_verb_says_when_it_fits_and_what_the_others_hear_of_it() -> None:
    for type, verb in RULES.items():
        assert bool(verb.of) == (verb.aim in {Aim.escalation, Aim.issue}), type
        assert (verb.event is None) == (verb.aim is Aim.codes), type
        assert verb.of <= {*EscalationState, *IssueState}, type


def test_long_numbers_in_texts_become_unreadable_and_short_ones_stay() -> None:
    said = "call 13893312345 or 62010219700101123X, 12 households, at 10:02, no 20260305"
    assert without_numbers(said) == f"call {'*' * 11} or {'*' * 18}, 12 households, at 10:02, no 20260305"
