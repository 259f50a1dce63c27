"""Signing and verifying by hand, against the golden vector of the Standard Webhooks specification."""

import pytest

from tests.sanlian.conftest import Run

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"test": 2432232314}'


def headers_of(output: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in output.splitlines())


def verify(run: Run, headers: dict[str, str], body: str | bytes = BODY) -> tuple[int, str]:
    arguments = [f"--{name.removeprefix('webhook-')}={value}" for name, value in headers.items()]
    result = run("webhooks", "verify", f"--secret={SECRET}", *arguments, input=body)
    return result.exit_code, result.output


def test_what_was_signed_verifies_and_a_changed_byte_does_not(run: Run) -> None:
    signed = headers_of(run("webhooks", "sign", "--secret", SECRET, input=BODY).output)
    assert verify(run, signed) == (0, "the signature is good\n")
    status, output = verify(run, signed, BODY.replace("4", "5"))
    assert status == 1
    assert "not a valid signature" in output


def test_the_golden_vector_is_refused_for_its_age_alone(run: Run) -> None:
    golden = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    status, output = verify(run, golden)
    assert status == 1
    assert "too old" in output


@pytest.mark.parametrize(
    ("signature", "body"), [("v1", BODY), ("v1,***", BODY), ("", BODY), ("v1,AAAA", b"\xff\xfe")]
)
def test_nonsense_is_refused_in_one_line(run: Run, signature: str, body: str | bytes) -> None:
    signed = headers_of(run("webhooks", "sign", "--secret", SECRET, input=BODY).output)
    status, output = verify(run, {**signed, "webhook-signature": signature}, body)
    assert status == 1
    assert output.count("\n") == 1


@pytest.mark.parametrize("secret", ["whsec_", "whsec_a"])
def test_what_is_no_secret_is_named_as_such(run: Run, secret: str) -> None:
    result = run("webhooks", "sign", "--secret", secret, input=BODY)
    assert result.exit_code == 2
    assert "whsec_" in result.output
