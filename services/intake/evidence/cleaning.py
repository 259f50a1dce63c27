"""A file as it may be kept: recognised by its bytes, and freed of what it tells of its sender."""

import asyncio
from dataclasses import dataclass

from services.intake.evidence.films import BrokenFilm, without_metadata
from services.intake.evidence.images import BrokenImage, ImageTooLarge, made_anew
from services.intake.evidence.rules import EvidenceRules
from services.intake.evidence.sniffing import IMAGES, MP4, is_heif, kind_of
from shared.errors import FieldError, Invalid, TooLarge, Unsupported

# Each picture takes some hundred megabytes while it is made anew, and a core.
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Clean:
    """What is kept of a file."""

    media_type: str
    content: bytes


class Cleaner:
    """Cleans a few files at once, in threads, so that the loop goes on."""

    def __init__(self, rules: EvidenceRules) -> None:
        self.rules = rules
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def clean(self, content: bytes) -> Clean:
        """Raises `Unsupported`, `TooLarge`, `Invalid`."""
        if len(content) > self.rules.most_bytes:
            raise TooLarge(f"evidence has {self.rules.most_bytes} bytes at most")
        async with self._room:
            return await asyncio.to_thread(_cleaned, content, self.rules)


def _cleaned(content: bytes, rules: EvidenceRules) -> Clean:
    kind = kind_of(content)
    if kind is None:
        hint = ": send the HEIC or AVIF picture as JPEG" if is_heif(content) else ""
        raise Unsupported(f"evidence is JPEG, PNG, WebP, MP4 or PDF{hint}")
    try:
        if kind in IMAGES:
            return Clean(kind, made_anew(content, kind, rules.images))
        return Clean(kind, without_metadata(content) if kind == MP4 else content)
    except ImageTooLarge as error:
        raise TooLarge(str(error)) from error
    except (BrokenImage, BrokenFilm) as error:
        raise Invalid(str(error), fields=[FieldError("file", str(error))]) from error
