"""The command `sanlian`. Each group of commands is imported when it is called for, so that help is quick."""

import importlib
import sys
from typing import Any

import click

# Where each command is, and what it is for.
COMMANDS = {
    "up": ("running", "Serve everything from one process: no other server is needed."),
    "serve": ("running", "Serve one service on its own database, behind RabbitMQ."),
    "probe": ("probes", "Ask a service whether it is ready."),
    "migrate": ("upkeep", "Bring databases to the newest version."),
    "revise": ("upkeep", "Write a migration from what the models and the migrations differ in."),
    "recount": ("figures", "Count the figures of all issues anew."),
    "topology": ("upkeep", "Declare every queue and binding on RabbitMQ."),
    "docs": ("documents", "Write the generated documents."),
    "dead": ("letters", "Look after events that were given up."),
    "keys": ("people", "Make the secrets of a deployment."),
    "token": ("people", "Sign a token for somebody, for trying things out."),
    "webhooks": ("signatures", "Sign and verify webhooks by hand."),
    "demo": ("demonstration", "The community of the demo, and its stories."),
}


class Commands(click.Group):
    """Finds commands by name, and tells mistakes of the person at the keyboard in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"sanlian.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, meaning) for name, (_, meaning) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Whatever raises it has imported it; importing it here would slow every probe of a container.
            settings = sys.modules.get("shared.settings")
            if settings is not None and isinstance(error, settings.BadSettings):
                raise click.ClickException(str(error)) from error
            raise


@click.command(cls=Commands)
@click.version_option(package_name="sanlian", message="%(version)s")
def main() -> None:
    """Sanlian 三联: multi-party community co-governance, as services that speak by events."""
