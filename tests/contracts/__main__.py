"""Write the golden schemas of new contracts, and of those that grew; exit 1 where one was broken."""

import sys

from tests.contracts.schemas import ADVICE, write_goldens

if faults := write_goldens():
    sys.exit("\n".join([*faults, ADVICE]))
