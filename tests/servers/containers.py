"""Servers in containers, through testcontainers, where a Docker engine answers."""

import os
import subprocess
import sys
from collections.abc import Mapping

# Our own reaper ends what a killed run leaves, on every footing alike and without one more image.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from tests.servers.machine import Trouble, reaper

PULL_SECONDS = float(os.environ.get("TEST_PULL_SECONDS", "120"))

# In a process of its own: a client that finds no engine leaves its socket open, and warnings are errors here.
_ENSURE = """
import docker, sys
client = docker.from_env(timeout=10)
try:
    client.images.get(sys.argv[1])
except docker.errors.ImageNotFound:
    client.images.pull(sys.argv[1])
"""
_REMOVE = "import docker, sys; docker.from_env().containers.get(sys.argv[1]).remove(force=True, v=True)"


def ensure_image(image: str) -> None:
    """See to it that the engine has `image`; raise Trouble where no engine answers or no pull succeeds."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ENSURE, image],
            timeout=PULL_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{image} could not be had in {PULL_SECONDS:.0f} s") from error
    if done.returncode:
        raise Trouble(f"the Docker engine has no {image}: {done.stderr.strip().splitlines()[-1]}")


class Container:
    """One container with fixed ports on this host, so that its address outlives a restart."""

    def __init__(
        self,
        image: str,
        *,
        env: Mapping[str, str],
        ports: Mapping[int, int],
        command: str = "",
        hostname: str,
    ) -> None:
        ensure_image(image)
        self._container = DockerContainer(image).with_kwargs(hostname=hostname)
        for name, value in env.items():
            self._container.with_env(name, value)
        for inner, outer in ports.items():
            self._container.with_bind_ports(inner, outer)
        if command:
            self._container.with_command(command)
        try:
            self._container.start()
        except DockerException as error:
            raise Trouble(f"a container of {image} cannot be started: {error}") from error
        self.host = str(self._container.get_container_host_ip())
        self._handle = self._container.get_wrapped_container()
        self._id = str(self._handle.id)
        reaper.watch(self._id, [sys.executable, "-c", _REMOVE, self._id])

    def start(self) -> None:
        self._handle.start()

    def stop(self) -> None:
        self._handle.stop(timeout=30)

    def crash(self) -> None:
        self._handle.kill()

    def pause(self) -> None:
        self._handle.pause()

    def resume(self) -> None:
        self._handle.unpause()

    def run(self, *command: str) -> None:
        # Only the broker's own account knows the cookie that its administration commands need.
        home = {"HOME": "/var/lib/rabbitmq"}
        code, output = self._handle.exec_run(list(command), user="rabbitmq", environment=home)
        if code:
            raise Trouble(f"{command[0]} failed: {output.decode(errors='replace')}")

    def remove(self) -> None:
        self._container.stop(force=True, delete_volume=True)
        # Neither library closes what it opened, and a warning is an error here.
        self._container.get_docker_client().client.close()
        reaper.forget(self._id)

    def complaint(self) -> str:
        return str(self._handle.logs(tail=40).decode(errors="replace"))
