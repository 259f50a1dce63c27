"""Run what is still to be cleaned up once the test run is gone, however it went.

One JSON list a line comes in on standard input: `["watch", key, command…]` or `["forget", key]`.
The input ends when the test run does.
"""

import json
import subprocess
import sys


def main() -> None:
    left: dict[str, list[str]] = {}
    for line in sys.stdin:
        word, key, *command = json.loads(line)
        if word == "watch":
            left[key] = command
        else:
            left.pop(key, None)
    # The newest first: a process ends before its directory goes.
    for command in reversed(left.values()):
        subprocess.run(command, stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
