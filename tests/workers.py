"""How `make test` spreads the tests over several processes, each with servers of its own to mistreat."""

from xdist.scheduler import LoadScopeScheduling

# In these the tests share what takes long to make: all sources, read and walked, or a town of processes.
WHOLES = ("tests/architecture", "tests/chaos", "tests/e2e")


def portion(nodeid: str) -> str:
    """What one worker takes on as a whole: a file of tests, or a whole folder."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in WHOLES if file.startswith(f"{folder}/")), file)


class ByPortion(LoadScopeScheduling):  # type: ignore[misc]  # Not typed by xdist.
    """Hands portions out in the order of collection: the towns, which mostly wait, come early."""

    def _split_scope(self, nodeid: str) -> str:
        return portion(nodeid)
