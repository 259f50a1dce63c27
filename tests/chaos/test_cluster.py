"""A cluster loses one node, and then the node that leads; the services find those that are left."""

import asyncio
from collections.abc import Iterator

import pytest

from sanlian.demo.people import WORKER
from shared.bus.topology import events_queue
from tests.chaos.conftest import Stack, standing
from tests.chaos.load import at_rest, check_all_was_kept, more, reporting, value
from tests.servers.cluster import RabbitCluster
from tests.servers.postgres import PostgresServer


@pytest.fixture
def clustered(
    postgres_controlled: PostgresServer,
    rabbit_cluster: RabbitCluster,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("clustered")
    with standing(postgres_controlled.for_test(), rabbit_cluster.url, folder) as stack:
        yield stack


async def test_a_cluster_that_loses_a_node_and_then_its_leader_costs_no_report(
    clustered: Stack, rabbit_cluster: RabbitCluster
) -> None:
    before = await value(clustered.databases["intake"], "SELECT count(*) FROM issues")
    queue = events_queue("intake")
    leader = rabbit_cluster.leader(queue)
    follower = next(node for node in rabbit_cluster.nodes if node is not leader)
    async with reporting(clustered, clustered.token(WORKER)) as reported:
        await more(reported, 50)
        await follower.server.crash()
        await more(reported, 100)
        await follower.server.start()
        await rabbit_cluster.whole()
        leader = rabbit_cluster.leader(queue)
        await leader.server.crash()
        await more(reported, 100)
        await asyncio.sleep(1)
    # Two of three are enough to hand over all that was reported.
    await at_rest(clustered, reported)
    assert rabbit_cluster.leader(queue) is not leader
    await check_all_was_kept(clustered, reported, before)
    assert reported.statuses.keys() == {201}
