"""Broker and database go away under load; whoever was told "taken" was told the truth."""

import asyncio

from sanlian.demo.people import WORKER
from sanlian.ports import NAMES
from tests.chaos.conftest import Stack
from tests.chaos.load import (
    at_rest,
    check_all_was_kept,
    more,
    plenty,
    readiness,
    reporting,
    until_ready,
    value,
)
from tests.servers.rabbit import RabbitServer

AWAY_S = 10.0


async def test_a_broker_that_restarts_and_drops_connections_costs_no_report(
    stack: Stack, town_broker: RabbitServer
) -> None:
    before = await value(stack.databases["intake"], "SELECT count(*) FROM issues")
    async with reporting(stack, stack.token(WORKER)) as reported:
        await asyncio.sleep(1)
        await town_broker.close_all_connections()
        await asyncio.sleep(1)
        await town_broker.restart()
        await asyncio.sleep(1)
        await town_broker.close_all_connections()
        await asyncio.sleep(1)
        await plenty(reported)
    await at_rest(stack, reported)
    await check_all_was_kept(stack, reported, before)


async def test_a_broker_with_a_full_disk_costs_no_report(stack: Stack, town_broker: RabbitServer) -> None:
    before = await value(stack.databases["intake"], "SELECT count(*) FROM issues")
    async with reporting(stack, stack.token(WORKER)) as reported:
        await asyncio.sleep(1)
        await town_broker.raise_disk_alarm()
        try:
            # Only who has something to publish finds out: intake, by every report that it takes.
            await until_ready(stack, 503, "intake")
            await more(reported, 50)
            assert await value(stack.databases["intake"], "SELECT count(*) FROM outbox") >= 50
        finally:
            await town_broker.clear_disk_alarm()
        await more(reported, 50)
    await at_rest(stack, reported)
    await check_all_was_kept(stack, reported, before)
    assert reported.statuses.keys() == {201}


async def test_a_database_that_is_away_for_ten_seconds_costs_no_report(stack: Stack) -> None:
    before = await value(stack.databases["intake"], "SELECT count(*) FROM issues")
    async with reporting(stack, stack.token(WORKER)) as reported:
        await asyncio.sleep(1)
        for url in stack.databases.values():
            await stack.postgres.terminate_connections(url)
        await asyncio.sleep(1)
        await stack.postgres.stop()
        try:
            await asyncio.sleep(AWAY_S)
            assert await readiness(stack) == dict.fromkeys(NAMES, 503)
        finally:
            await stack.postgres.start()
        await asyncio.sleep(2)
        await plenty(reported)
    await at_rest(stack, reported)
    await check_all_was_kept(stack, reported, before)
    assert reported.statuses.keys() == {201, 503}


async def test_a_database_that_hangs_costs_no_report(stack: Stack) -> None:
    before = await value(stack.databases["intake"], "SELECT count(*) FROM issues")
    async with reporting(stack, stack.token(WORKER)) as reported:
        await asyncio.sleep(1)
        await stack.postgres.pause()
        try:
            await asyncio.sleep(AWAY_S)
        finally:
            await stack.postgres.resume()
        await asyncio.sleep(2)
    await at_rest(stack, reported)
    await check_all_was_kept(stack, reported, before)
