"""A RabbitMQ of three nodes that can be killed one by one: every queue has a copy on each."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from tests.servers.choice import allowed
from tests.servers.machine import Trouble, free_ports, wait_until
from tests.servers.rabbit import (
    CONFIGURATION,
    Management,
    PortMapper,
    RabbitProcess,
    RabbitServer,
    debian_home,
    has_debian,
)

NODES = 3
JOINING = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = {first}
"""


class Node:
    """One node, as the cluster knows it and as clients find it."""

    def __init__(self, process: RabbitProcess, authority: str, management: Management) -> None:
        self.process, self.authority, self.management = process, authority, management
        self.server = RabbitServer(authority, management, process)

    @property
    def name(self) -> str:
        return self.process.node


class RabbitCluster:
    """Three nodes. `url` lists them, for one virtual host, as our services take it."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = tuple(nodes)

    @cached_property
    def url(self) -> str:
        return ",".join(f"amqp://{node.authority}/{self._vhost}" for node in self.nodes)

    @cached_property
    def _vhost(self) -> str:
        return self.nodes[0].server.create_vhost().rpartition("/")[2]

    def leader(self, queue: str) -> Node:
        """The node that leads the copies of this queue."""
        name = self._look(queue)["leader"]
        return next(node for node in self.nodes if node.name == name)

    async def whole(self) -> None:
        """Return when every queue has all its copies at work; with less, one more node may be too many."""
        await asyncio.to_thread(
            wait_until, self._is_whole, seconds=60, trouble=lambda: "a copy of a queue stays away"
        )

    def start(self) -> None:
        """Switch on: the first one alone, then those that join it."""
        first, *others = self.nodes
        try:
            first.server.started()
            for node in others:
                node.process.start()
            for node in others:
                node.server.wait()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        # They share a directory, which goes with the first of them.
        for node in self.nodes:
            node.process.crash()
        for node in self.nodes:
            node.process.remove()

    def _is_whole(self) -> bool:
        queues: list[dict[str, Any]] = self._ask(f"queues/{self._vhost}")
        return all(len(self._look(queue["name"])["online"]) == NODES for queue in queues)

    def _look(self, queue: str) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(f"queues/{self._vhost}/{queue}?disable_stats=true")
        return found

    def _ask(self, path: str) -> Any:
        awake = next(node for node in self.nodes if node.server.answers())
        return json.loads(awake.management.call("GET", path))


def cluster_at_hand() -> None:
    """Raise Trouble where no cluster can be had: its nodes are private processes of this machine."""
    if not allowed(["debian"]):
        raise Trouble("TEST_SERVERS allows no cluster")
    if not has_debian():
        raise Trouble("a cluster needs Debian's rabbitmq-server")


def debian_cluster() -> RabbitCluster:
    """Start a cluster of Debian's RabbitMQ: one directory, one cookie, one port mapper."""
    cluster_at_hand()
    (mapper_port, *ports), password, home = free_ports(1 + 3 * NODES), secrets.token_hex(8), debian_home()
    mapper, nodes = PortMapper(home, mapper_port), list[Node]()
    for amqp, management, distribution in zip(ports[::3], ports[1::3], ports[2::3], strict=True):
        configuration = CONFIGURATION.format(amqp=amqp, management=management, password=password)
        if nodes:
            configuration += JOINING.format(first=nodes[0].name)
        process = RabbitProcess(
            home, amqp=amqp, distribution=distribution, mapper=mapper, configuration=configuration
        )
        door = Management(f"http://127.0.0.1:{management}", user="sanlian", password=password)
        nodes.append(Node(process, f"sanlian:{password}@127.0.0.1:{amqp}", door))
    cluster = RabbitCluster(nodes)
    cluster.start()
    return cluster
