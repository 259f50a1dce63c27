"""A story as it unfolds, one line a step, in Chinese and English."""

from dataclasses import dataclass, field
from datetime import datetime

import click

from shared.clock import LOCAL_ZONE


@dataclass(slots=True)
class Timeline:
    """Prints what happens, with the local time at which it was seen; `steps` keeps the English words."""

    quiet: bool = False
    steps: list[str] = field(default_factory=list)

    def title(self, zh: str, en: str) -> None:
        self._print("")
        self._print(click.style(f"━━ {zh} · {en} ━━", bold=True))

    def tell(self, zh: str, en: str) -> None:
        now = datetime.now(LOCAL_ZONE).strftime("%H:%M:%S")
        self.steps.append(en)
        self._print(f"{click.style(now, dim=True)}  {zh}")
        self._print(f"          {click.style(en, dim=True)}")

    def _print(self, line: str) -> None:
        if not self.quiet:
            click.echo(line)
