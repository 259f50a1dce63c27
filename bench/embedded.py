"""The whole road on the embedded footing: one process, SQLite files, the memory bus."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import road
from bench.harness import note, run, say
from bench.stack import Stack
from tests.e2e.processes import Served, free_port

REPORTS = 3_000


async def main() -> None:
    """Measure and print; there is no limit to hold it against."""
    with TemporaryDirectory() as folder:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        environment = {"SANLIAN_STATE_DIR": folder, "SANLIAN_LOG_LEVEL": "WARNING"}
        began = time.perf_counter()
        process = Served(
            ("up", "--no-demo", "--port", str(port)),
            given=environment,
            log=Path(folder, "up.log"),
            probe=f"{url}/intake/readyz",
        )
        process.start()
        try:
            process.wait()
            say("cold_start", time.perf_counter() - began, "s")
            running = Stack(dict.fromkeys(("intake", "grid", "partners", "notify"), url), environment)
            rate, times = await road.drive(running, REPORTS)
            say("whole_road_embedded", rate, "reports/s")
            note(f"half load: p50 {times[0] * 1e3:.0f} ms, p99 {times[1] * 1e3:.0f} ms")
        finally:
            process.stop()


if __name__ == "__main__":
    run(main)
