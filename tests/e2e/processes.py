"""The command as real processes: started, read, stopped, killed."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sanlian.demo.doors import Door, Unexpected, until
from sanlian.demo.people import CLERK
from sanlian.demo.town import Town
from shared.clock import local_date
from tests.patience import PATIENCE_S

COMMAND = (sys.executable, "-m", "sanlian")


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process without what would lead the command elsewhere."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SANLIAN_")}
    return {**plain, "PYTHONUNBUFFERED": "1", **given}


def run(*arguments: str, given: Mapping[str, str]) -> str:
    """Run the command to its end and return what it printed."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(given),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"sanlian {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
    return done.stdout


def figures(
    town: Town, given: Mapping[str, str], *, since: datetime, category: str
) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of each figure of that category from that day on, counted this moment."""
    run("recount", given=given)
    until_then = local_date(since + timedelta(days=60))
    days: dict[str, Any] = {"from": local_date(since).isoformat(), "to": until_then.isoformat()}
    (group,) = town.person(CLERK).get("/intake/v1/kpis", category=category, **days)
    return {kpi["code"]: (kpi["numerator"], kpi["denominator"]) for kpi in group["kpis"]}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Served:
    """One serving process. What it prints goes to a file, to be shown when it does not do what it should."""

    def __init__(self, arguments: Sequence[str], *, given: Mapping[str, str], log: Path, probe: str) -> None:
        self._arguments, self._given, self._log, self._probe = list(arguments), dict(given), log, probe
        self._command: Sequence[str] = (*COMMAND, *arguments)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def printed(self) -> str:
        return self._log.read_text()

    @property
    def origin(self) -> str:
        """Where it answers: scheme, host and port."""
        parts = urlsplit(self._probe)
        return f"{parts.scheme}://{parts.netloc}"

    def replaced_by(self, *command: str) -> "Served":
        """Another process that can stand in its place: the same environment, the same door, the same log."""
        other = Served(self._arguments, given=self._given, log=self._log, probe=self._probe)
        other._command = command
        return other

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=environment(self._given), stdout=log, stderr=log
            )

    def ended(self, *, seconds: float = PATIENCE_S) -> int:
        """Wait until it ends by itself, and return its code: minus the signal, where one killed it."""
        assert self._process is not None
        code, self._process = self._process.wait(seconds), None
        return code

    def wait(self) -> None:
        """Return when it is ready."""
        # Asked often and not patiently: a process that ended is to be seen at once.
        door = Door(self._probe.rpartition("/")[0], None, patience_s=0)
        path = "/" + self._probe.rpartition("/")[2]

        def ready() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"{self._arguments} ended: {self.printed}"
            try:
                return bool(door.get(path))
            except Unexpected:
                return False

        try:
            until(ready, f"{self._arguments} is ready: {self.printed}", patience_s=PATIENCE_S)
        finally:
            door.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=PATIENCE_S)
            self._process = None
