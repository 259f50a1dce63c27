"""A server as tests hold it: what PostgreSQL and RabbitMQ have in common."""

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar, Self

from tests.servers.machine import Machine, Trouble, wait_until


class Server(ABC):
    """One server. Where nobody else runs it, it has a switch; who uses that calls `mend` in the end."""

    name: ClassVar[str]
    patience_s: ClassVar[float]

    def __init__(self, machine: Machine | None) -> None:
        self._machine, self._paused = machine, False

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its work for whoever comes now."""

    @property
    def controlled(self) -> bool:
        return self._machine is not None

    def wait(self) -> None:
        """Return once the server answers."""
        wait_until(
            self.answers,
            seconds=self.patience_s,
            trouble=lambda: f"{self.name}: {self._needed.complaint()}",
        )

    def started(self) -> Self:
        """Switch on, and return once it answers; what does not is removed."""
        try:
            self._needed.start()
            self.wait()
        except BaseException:
            self.remove()
            raise
        return self

    def found(self, where: str) -> Self:
        """Return once the server that somebody else runs answers; raise Trouble where it soon does not."""
        wait_until(self.answers, seconds=10, trouble=lambda: f"{where} does not answer")
        return self

    def remove(self) -> None:
        if self._machine is not None:
            self._machine.remove()

    async def stop(self) -> None:
        await asyncio.to_thread(self._needed.stop)

    async def crash(self) -> None:
        """End the server without a shutdown; what was acknowledged is there again after `start`."""
        await asyncio.to_thread(self._needed.crash)

    async def start(self) -> None:
        """Start if it does not run, and return once it answers."""
        await asyncio.to_thread(self._needed.start)
        await asyncio.to_thread(self.wait)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def pause(self) -> None:
        """Let every connection hang, and new ones too, until `resume`."""
        await asyncio.to_thread(self._needed.pause)
        self._paused = True

    async def resume(self) -> None:
        await asyncio.to_thread(self._needed.resume)
        self._paused = False

    async def mend(self) -> None:
        """Undo whatever this object did to the server."""
        if self._paused:
            await self.resume()
        await self.start()

    @property
    def _needed(self) -> Machine:
        if self._machine is None:
            raise Trouble(f"a {self.name} that somebody else runs is not ours to switch")
        return self._machine
