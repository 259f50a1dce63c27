"""Webhook signatures by hand, for whoever builds the other side and wants to know why one is refused."""

import sys
from datetime import UTC, datetime
from uuid import uuid4

import click
from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError


@click.group()
def webhooks() -> None:
    """Sign and verify webhooks by hand; the body is read from standard input, byte by byte as it is sent."""


@webhooks.command()
@click.option("--secret", required=True, envvar="WEBHOOK_SECRET", help="whsec_… as the registration gave it.")
@click.option("--id", "id", help="webhook-id (default: a new one).")
def sign(secret: str, id: str | None) -> None:
    """Print the three headers that sign the body."""
    message_id, now = id or f"msg_{uuid4().hex}", datetime.now(UTC)
    signature = _webhook(secret).sign(message_id, now, _text())
    click.echo(f"webhook-id: {message_id}")
    click.echo(f"webhook-timestamp: {int(now.timestamp())}")
    click.echo(f"webhook-signature: {signature}")


@webhooks.command()
@click.option("--secret", required=True, envvar="WEBHOOK_SECRET", help="whsec_… as the registration gave it.")
@click.option("--id", "id", required=True, help="The header webhook-id.")
@click.option("--timestamp", required=True, help="The header webhook-timestamp.")
@click.option("--signature", required=True, help="The header webhook-signature.")
def verify(secret: str, id: str, timestamp: str, signature: str) -> None:
    """Say whether the body was signed with the secret within the last five minutes."""
    headers = {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    try:
        _webhook(secret).verify(_body(), headers, json_parse=False)
    except (WebhookVerificationError, ValueError) as error:
        raise click.ClickException(f"not a valid signature: {error}") from error
    click.echo("the signature is good")


def _webhook(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError) as error:
        raise click.BadParameter("a secret is whsec_ and then base64", param_hint="--secret") from error


def _body() -> bytes:
    return sys.stdin.buffer.read()


def _text() -> str:
    try:
        return _body().decode()
    except UnicodeDecodeError as error:
        raise click.ClickException("the body is not UTF-8") from error
