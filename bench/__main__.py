"""`make bench`: every published figure, or those named, each in a process of its own."""

import subprocess
import sys

from bench.harness import machine, note

FIGURES = ("report", "relay", "hop", "road", "embedded", "locate", "lists", "timers")


def main(names: list[str]) -> int:
    """Run the figures one after the other; the exit code counts those that failed."""
    unknown = [name for name in names if name not in FIGURES]
    if unknown:
        print(f"no figure is called {unknown[0]}; there are {', '.join(FIGURES)}", file=sys.stderr)
        return 2
    note(machine())
    return sum(
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode != 0
        for name in names or FIGURES
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
