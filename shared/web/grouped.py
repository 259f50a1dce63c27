"""Group commit: requests that come at the same time share one transaction.

While one transaction commits, the next requests gather; so an idle service answers at once and a busy one
in batches. Each request is answered after the commit, and one that is refused does not hurt the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.exc import IntegrityError

from shared.auth import Caller
from shared.db import is_away
from shared.errors import Problem
from shared.host import Host
from shared.idempotency import Answer, Answers, Claim
from shared.pace import Pace
from shared.service import Work

In = TypeVar("In")

# Shorter than where nobody waits for an answer.
LONGEST_REST_S = 0.02


@dataclass(slots=True)
class _Waiting(Generic[In]):
    item: In
    caller: Caller
    claim: Claim | None
    answer: "asyncio.Future[tuple[Answer, bool]]"


# Takes the work, the items and their callers, and gives an answer for each, in the same order.
UseCase = Callable[[Work, Sequence[tuple[In, Caller]]], Awaitable[Sequence[Answer]]]


class Grouped(Generic[In]):
    """A hot use case that takes many items in one unit of work. One instance an app and use case."""

    def __init__(self, use_case: UseCase[In], *, most: int = 100) -> None:
        self._use_case, self._most = use_case, most
        self._waiting: list[_Waiting[In]] = []
        self._runner: asyncio.Task[None] | None = None
        self._pace = Pace(longest_rest_s=LONGEST_REST_S)

    async def submit(self, host: Host, item: In, caller: Caller, claim: Claim | None) -> tuple[Answer, bool]:
        """Return the answer, and whether it repeats an earlier one. Raises what the item was refused with."""
        waiting = _Waiting(item, caller, claim, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(host), name="group commit")
        return await waiting.answer

    async def _run(self, host: Host) -> None:
        while self._waiting:
            async with self._pace.turn():
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._pace.full = bool(self._waiting)
                await self._together(host, [one for one in group if not one.answer.done()])

    async def _together(self, host: Host, group: Sequence[_Waiting[In]]) -> None:
        try:
            answers = await self._in_one(host, group)
        except Exception as error:
            # A database that is away refuses all alike; asking it once a request would take as many timeouts.
            if len(group) > 1 and not is_away(error):
                for one in group:
                    await self._together(host, [one])
                return
            for one in group:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        for one, answer in zip(group, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)

    async def _in_one(self, host: Host, group: Sequence[_Waiting[In]]) -> list[tuple[Answer, bool]]:
        claims = [one.claim for one in group if one.claim is not None]
        if len({(claim.subject, claim.key) for claim in claims}) < len(claims):
            raise _Twins
        try:
            return await self._carry_out(host, group, claims)
        except IntegrityError:
            # A twin elsewhere may have been faster; alone, the request finds its answer.
            if len(group) > 1 or not claims:
                raise
            return await self._carry_out(host, group, claims)

    async def _carry_out(
        self, host: Host, group: Sequence[_Waiting[In]], claims: Sequence[Claim]
    ) -> list[tuple[Answer, bool]]:
        async with host.work() as work:
            known = await work.part(Answers).given(work.session, claims)
            answers = {id(one): (known[one.claim], True) for one in group if one.claim in known}
            fresh = [one for one in group if id(one) not in answers]
            given = await self._use_case(work, [(one.item, one.caller) for one in fresh]) if fresh else ()
            new = list(zip(fresh, given, strict=True))
            answers.update((id(one), (answer, False)) for one, answer in new)
            kept = {one.claim: answer for one, answer in new if one.claim is not None}
            await work.part(Answers).keep(work.session, kept, work.now)
        return [answers[id(one)] for one in group]


class _TwinsInGroup(Problem):
    """Two requests of a group carry one key: they must go one after the other."""


_Twins = _TwinsInGroup()
