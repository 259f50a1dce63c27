"""Pictures made anew from their pixels: no EXIF, no place, no comment, no hidden passenger. Pure, and slow.

Only the decoders of JPEG, PNG and WebP are let near a stranger's bytes.
"""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps

from services.intake.evidence.rules import ImageRules
from services.intake.evidence.sniffing import JPEG, PNG, WEBP

_FORMATS = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}
# What decoders raise at broken or malicious files; all of them mean that it is no picture.
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError,
    struct.error, zlib.error,
)  # fmt: skip
# We hold the bound ourselves, before anything is unpacked, and answer for it in our own words.
Image.MAX_IMAGE_PIXELS = None


class BrokenImage(ValueError):
    """The file begins like a picture and is none."""


class ImageTooLarge(ValueError):
    """The picture would unpack to more pixels than are allowed."""


def made_anew(content: bytes, media_type: str, rules: ImageRules) -> bytes:
    """The first picture in the file, upright, within the longest edge, in the same format, without metadata.

    Takes up to a second of a core for a photo; call it in a thread. Raises `BrokenImage`, `ImageTooLarge`.
    """
    try:
        with Image.open(BytesIO(content), formats=(_FORMATS[media_type],)) as picture:
            if picture.width * picture.height > rules.most_pixels:
                raise ImageTooLarge(f"a picture has {rules.most_pixels} pixels at most")
            return _encoded(_upright(picture, rules.longest_edge), media_type, rules.quality)
    except ImageTooLarge:
        raise
    except _BROKEN as error:
        raise BrokenImage(f"it is no readable {_FORMATS[media_type]} picture") from error


def _upright(picture: Image.Image, longest_edge: int) -> Image.Image:
    # Of a JPEG that is far too large, the decoder unpacks a smaller one by itself.
    picture.thumbnail((longest_edge, longest_edge), Image.Resampling.LANCZOS)
    return ImageOps.exif_transpose(picture)


def _encoded(picture: Image.Image, media_type: str, quality: int) -> bytes:
    see_through = picture.has_transparency_data and media_type != JPEG
    colours = "RGBA" if see_through else ("L" if picture.mode in {"1", "L"} else "RGB")
    plain = picture.convert(colours)
    # Some writers copy what they find here: comments, profiles, XMP.
    plain.info = {}
    written = BytesIO()
    # A writer takes the options of its own format from these.
    plain.save(written, _FORMATS[media_type], quality=quality, optimize=media_type == JPEG, method=2)
    return written.getvalue()
