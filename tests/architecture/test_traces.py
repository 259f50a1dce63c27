"""Nothing in the repository tells of the machine it was made on, or installs from one place only."""

import re

from tests.architecture.sources import ROOT, files

# Split, so that this file may speak of what it forbids.
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org", "deb.deb" + "ian.org")
MACHINE = re.compile(r"(?<![\w./-])/(?:wo" + r"rk|ro" + r"ot|home/\w+|opt/py" + r"pi)(?:/|\b)")


def lines() -> list[tuple[str, int, str]]:
    found = []
    for name in files():
        try:
            text = (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue
        found += [(name, number, line) for number, line in enumerate(text.splitlines(), 1)]
    return found


def test_no_file_names_a_package_registry() -> None:
    found = [f"{name}:{number}" for name, number, line in lines() if any(host in line for host in REGISTRIES)]
    assert not found, "; ".join(found)


def test_no_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    found = [f"{name}:{number} {line.strip()}" for name, number, line in lines() if MACHINE.search(line)]
    assert not found, "; ".join(found)


def test_every_locked_package_carries_its_hashes() -> None:
    bare = [
        f"{lock.name}: {line}"
        for lock in ROOT.glob("requirements*.lock")
        for line in lock.read_text().splitlines()
        if re.match(r"[a-z0-9]", line) and not line.endswith("\\")
    ]
    assert not bare, "; ".join(bare)
