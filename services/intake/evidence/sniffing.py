"""What a file is, by its own first bytes: neither its name nor its sender's word counts. Pure."""

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"
MP4, PDF = "video/mp4", "application/pdf"
IMAGES = frozenset({JPEG, PNG, WEBP})

# Each kind by the marks that it begins with, and where they stand.
_MARKS: tuple[tuple[str, tuple[tuple[int, bytes], ...]], ...] = (
    (JPEG, ((0, b"\xff\xd8\xff"),)),
    (PNG, ((0, b"\x89PNG\r\n\x1a\n"),)),
    (WEBP, ((0, b"RIFF"), (8, b"WEBP"))),
    (PDF, ((0, b"%PDF-"),)),
)
# The box at the start of an ISO media file names what its content is for: a film, or a still picture.
_BRAND_AT = 8
_FILMS = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "})
_STILLS = frozenset({
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevc",
    b"hevx",
    b"mif1",
    b"msf1",
    b"avif",
    b"avis",
})

SUFFIXES = {JPEG: "jpg", PNG: "png", WEBP: "webp", MP4: "mp4", PDF: "pdf", "text/plain": "txt"}


def kind_of(content: bytes) -> str | None:
    """The media type of a kind that is taken as evidence, or None."""
    for kind, marks in _MARKS:
        if all(content.startswith(mark, at) for at, mark in marks):
            return kind
    return MP4 if _brand(content) in _FILMS else None


def is_heif(content: bytes) -> bool:
    """Whether it is a HEIC, HEIF or AVIF picture, which the sender's phone can turn into a JPEG."""
    return _brand(content) in _STILLS


def _brand(content: bytes) -> bytes | None:
    return content[_BRAND_AT : _BRAND_AT + 4] if content[4:8] == b"ftyp" else None
