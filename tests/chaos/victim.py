"""Serves one service as `sanlian serve` does, until it reaches a line at which it is killed with signal 9.

    python -m tests.chaos.victim SERVICE PORT LINE NTH MARK

The n-th time that the process passes the line it writes MARK, a file, and is gone: no handler, no buffer,
no lock gets a chance to end in order. The lines are methods of the kernel, wrapped from outside, so that
the product knows nothing of it.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sanlian import serving
from shared.bus import Failure, Receive
from shared.bus.rabbit import RabbitBus
from shared.envelope import Envelope, Packed
from shared.http import HttpAnswer, HttpClient

# The handler's transaction is committed, and the broker does not know yet that it may forget the event.
BEFORE_ACK = "before-ack"
# The broker has confirmed the events, and the outbox still holds them.
BEFORE_DELETION = "before-deletion"
# The receiver has said 2xx, and the delivery still counts as under way.
BEFORE_RESULT = "before-result"


class Line:
    """Counts how often the process came by, and ends it at the n-th time."""

    def __init__(self, nth: int, mark: Path) -> None:
        self._left, self._mark = nth, mark

    def pass_by(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._mark.write_text("here")
            os.kill(os.getpid(), signal.SIGKILL)


def before_ack(line: Line) -> None:
    subscribe = RabbitBus.subscribe

    async def subscribe_once_doomed(
        self: RabbitBus, service: str, types: Iterable[str], receive: Receive
    ) -> None:
        async def receive_and_die(envelopes: Sequence[Envelope]) -> Sequence[Failure]:
            failures = await receive(envelopes)
            line.pass_by()
            return failures

        await subscribe(self, service, types, receive_and_die)

    RabbitBus.subscribe = subscribe_once_doomed  # type: ignore[method-assign]


def before_deletion(line: Line) -> None:
    publish = RabbitBus.publish

    async def publish_and_die(self: RabbitBus, messages: Sequence[Packed]) -> None:
        await publish(self, messages)
        line.pass_by()

    RabbitBus.publish = publish_and_die  # type: ignore[method-assign]


def before_result(line: Line) -> None:
    post = HttpClient.post

    async def post_and_die(self: HttpClient, *given: Any, **named: Any) -> HttpAnswer:
        answer = await post(self, *given, **named)
        if 200 <= answer.status < 300:
            line.pass_by()
        return answer

    HttpClient.post = post_and_die  # type: ignore[method-assign]


LINES: dict[str, Callable[[Line], None]] = {
    BEFORE_ACK: before_ack,
    BEFORE_DELETION: before_deletion,
    BEFORE_RESULT: before_result,
}


def main(service: str, port: str, where: str, nth: str, mark: str) -> None:
    LINES[where](Line(int(nth), Path(mark)))
    with serving.bind("127.0.0.1", int(port)) as taken:
        serving.serve_one(service, taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
