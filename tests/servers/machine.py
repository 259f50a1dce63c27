"""What both servers and all ways of having them need: ports, waiting, and an end that comes in any case."""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol


class Trouble(Exception):
    """A server cannot be had in the way that was tried; the text says why."""


class Machine(Protocol):
    """One server as a thing with a switch: a container, or a private process."""

    def start(self) -> None:
        """Switch on; return at once, the server may need a while yet."""

    def stop(self) -> None:
        """Switch off in good order; what was stored stays."""

    def crash(self) -> None:
        """Switch off as a failing host would; what was stored stays."""

    def pause(self) -> None:
        """Stop answering without closing anything, like a network that swallows packets."""

    def resume(self) -> None:
        """Go on after a pause."""

    def run(self, *command: str) -> None:
        """Run an administration command beside the server."""

    def remove(self) -> None:
        """Switch off and leave nothing behind."""

    def complaint(self) -> str:
        """Return the last lines of the server's own log."""


class Reaper:
    """Ends what a killed test run cannot end any more: a small process that waits for us to be gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def watch(self, key: str, command: Sequence[str]) -> None:
        """Have `command` run when this process ends without having called `forget(key)`."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("reaper.py"))],
                stdin=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        self._tell("watch", key, *command)

    def forget(self, key: str) -> None:
        self._tell("forget", key)

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _tell(self, *words: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()


reaper = Reaper()


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago; all are held together, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(ready: Callable[[], bool], *, seconds: float, trouble: Callable[[], str]) -> None:
    """Return as soon as `ready` says so; raise Trouble after `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise Trouble(trouble())
        time.sleep(0.05)


class Home:
    """A directory of its own for a private process, and the account that it runs under."""

    def __init__(self, name: str, *, account: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"sanlian-{name}-"))
        self.path.chmod(0o700)
        self.prefix: list[str] = []
        if os.geteuid() == 0:
            self._give_to(account)
        reaper.watch(str(self.path), ["rm", "-rf", str(self.path)])

    def _give_to(self, account: str) -> None:
        # Neither server wants to be root, and neither should be.
        try:
            user = pwd.getpwnam(account)
        except KeyError as error:
            raise Trouble(f"there is no account {account} to run the server under") from error
        os.chown(self.path, user.pw_uid, user.pw_gid)
        self.prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.write_text(text)
        path.chmod(0o644)
        return path

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        reaper.forget(str(self.path))


class Process:
    """A private server process, in a session of its own, writing to a log in its home."""

    def __init__(self, home: Home, command: Sequence[str], *, env: dict[str, str]) -> None:
        self._home, self._command, self._env = home, [*home.prefix, *command], env
        self._log = home.path / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise Trouble("the process is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        if self.running:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                cwd=self._home.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        reaper.watch(f"{self.pid}", ["kill", "-KILL", "--", f"-{self.pid}"])

    def end(self, how: signal.Signals, *, seconds: float = 30) -> None:
        """Send `how`; what has not ended after `seconds` is killed."""
        if self._process is None:
            return
        reaper.forget(f"{self.pid}")
        if self.running:
            self._process.send_signal(how)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def complaint(self) -> str:
        return self._log.read_text(errors="replace")[-2000:] if self._log.exists() else "no log was written"


def family(pid: int) -> list[int]:
    """Return `pid` and its children, whatever process groups they have put themselves into."""
    children = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            children.append(int(stat.parent.name))
    return [pid, *children]


def signal_all(pids: Sequence[int], what: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            continue
