"""Pictures that a client sends beside a request (open311.md §4.9, `media[]`), on the road of all evidence.

An address (`media_url`) is kept and shown, and never fetched: who could make us fetch would look round our
own network with our eyes. What is uploaded is for staff: nobody asked whoever stands in the picture.
"""

from collections.abc import Sequence
from typing import cast

from fastapi.datastructures import FormData

from services.intake.evidence.commands import Kept
from services.intake.evidence.files import Files
from services.intake.open311.refusals import fault
from services.intake.open311.rules import Open311Rules
from shared.errors import Invalid, TooLarge, Unsupported
from shared.host import Host

FIELD = "media[]"
_NAMES = frozenset({FIELD, "media"})


async def media_of(form: FormData) -> list[bytes]:
    """What the files of a form hold; a field that was left empty is none."""
    files = [one for name, one in form.multi_items() if name in _NAMES and not isinstance(one, str)]
    return [await one.read() for one in files if one.size]


def hold_to_count(media: Sequence[bytes], rules: Open311Rules) -> None:
    """Raise `Invalid` for more files than a request may have."""
    if len(media) > rules.most_media:
        raise fault(FIELD, f"may have {rules.most_media} files at most")


async def keep_media(host: Host, contents: Sequence[bytes]) -> tuple[Kept, ...]:
    """Clean the files and put them into the store, for the report to name them. Raises `Invalid`."""
    try:
        return tuple([await _files(host).keep(host, content) for content in contents])
    except (Invalid, TooLarge, Unsupported) as error:
        raise fault(FIELD, str(error)) from error


async def try_media(host: Host, contents: Sequence[bytes]) -> None:
    """Look whether they could be kept. Raises `Invalid`."""
    try:
        for content in contents:
            await _files(host).cleaner.clean(content)
    except (Invalid, TooLarge, Unsupported) as error:
        raise fault(FIELD, str(error)) from error


def _files(host: Host) -> Files:
    return cast(Files, host.parts[Files])
