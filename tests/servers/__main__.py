"""Say whether the tests can have their servers; exit 1 and name those that they cannot have."""

import sys

from tests.servers.choice import missing

if absent := missing():
    sys.exit(f"No way to have {' and '.join(absent)} for the tests.")
