"""What an MP4 tells beside its pictures: place, device, person. Pure.

It stands in boxes (ISO/IEC 14496-12) that players can do without. They are overwritten in place, as free
space of the same length: nothing moves, so that no offset inside the file has to be counted anew.
"""

from collections.abc import Iterator

_HEADER, _LONG_HEADER = 8, 16
# Where boxes stand in boxes, down to those that tell: file, film, track, and a fragment of either.
_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf"})
_TELLING = frozenset({b"udta", b"meta", b"uuid", b"XMP_"})
# A film has some dozen boxes and each fragment a few; a file made of boxes alone is an attack on our time.
_MOST_BOXES = 20_000


class BrokenFilm(ValueError):
    """The boxes do not fit into one another."""


def without_metadata(film: bytes) -> bytes:
    """The film with its metadata overwritten by zeros. Raises `BrokenFilm`."""
    clean = bytearray(film)
    waiting, seen, has_film = [(0, len(film))], 0, False
    while waiting:
        for kind, at, inside, end in _boxes(film, *waiting.pop()):
            seen += 1
            has_film = has_film or kind == b"moov"
            if seen > _MOST_BOXES:
                raise BrokenFilm("too many boxes")
            if kind in _TELLING:
                clean[at + 4 : at + 8] = b"free"
                clean[inside:end] = bytes(end - inside)
            elif kind in _CONTAINERS:
                waiting.append((inside, end))
    if not has_film:
        raise BrokenFilm("there is no film in it")
    return bytes(clean)


def _boxes(film: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Each box between two places: its kind, where it begins, where its content begins, where it ends."""
    while at < end:
        header = _HEADER
        size = int.from_bytes(film[at : at + 4], "big")
        if size == 1:
            header, size = _LONG_HEADER, int.from_bytes(film[at + 8 : at + 16], "big")
        elif size == 0:
            size = end - at
        if size < header or at + size > end:
            raise BrokenFilm("a box does not fit")
        yield film[at + 4 : at + 8], at, at + header, at + size
        at += size
