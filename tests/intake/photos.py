"""Pictures and films as phones make them, with all that they tell of their owners."""

import struct
from io import BytesIO

from PIL import Image, PngImagePlugin

MAKER, PLACE, COMMENT = "HUAWEI-P60", b"36.0519N103.8797E", b"taken by a neighbour"


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 30), *, upright: bool = True) -> bytes:
    """A picture with a light left half, EXIF with maker and place, and comments."""
    picture = Image.new("RGB", size, "black")
    picture.paste("white", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[0x010F] = MAKER
    exif[0x0112] = 1 if upright else 6
    exif.get_ifd(0x8825).update({1: "N", 29: PLACE.decode()})
    written = BytesIO()
    # Each format keeps a comment in a place of its own.
    picture.save(written, kind, exif=exif, comment=COMMENT, pnginfo=_texts(), xmp=COMMENT)
    return written.getvalue()


def _texts() -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", COMMENT.decode())
    return texts


def box(kind: bytes, content: bytes = b"") -> bytes:
    """One box of an MP4."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def film() -> bytes:
    """A film that tells its place in three boxes."""
    track = box(b"trak", box(b"tkhd", bytes(84)) + box(b"udta", box(b"name", COMMENT)))
    moov = box(b"moov", box(b"mvhd", bytes(100)) + track + box(b"udta", box(b"\xa9xyz", PLACE)))
    return (
        box(b"ftyp", b"isom" + bytes(4) + b"isommp42")
        + box(b"meta", PLACE)
        + moov
        + box(b"mdat", b"pictures")
    )


def wide_webp(edge: int = 16_383) -> bytes:
    """A WebP of some hundred bytes that unpacks to a gigabyte."""
    frame = BytesIO()
    Image.new("RGB", (4, 4), "red").save(frame, "WEBP", lossless=True)
    animated = _three(0) * 2 + _three(3) * 2 + _three(100) + b"\0" + frame.getvalue()[12:]
    body = b"WEBP" + _chunk(b"VP8X", b"\x02\0\0\0" + _three(edge - 1) * 2)
    body += _chunk(b"ANIM", bytes(6)) + _chunk(b"ANMF", animated)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content
