"""Files that are damaged, or made to do damage: they are taken clean, or refused in our own words."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.intake.evidence.films import BrokenFilm, without_metadata
from services.intake.evidence.images import BrokenImage, ImageTooLarge, made_anew
from services.intake.evidence.rules import load_evidence_rules
from tests.intake.photos import COMMENT, PLACE, film, photo

RULES = load_evidence_rules().images
# What is done to a file: at a place, so many bytes give way to these.
damages = st.lists(
    st.tuples(st.integers(8, 10_000), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=12
)


def damaged(content: bytes, done: list[tuple[int, int, bytes]]) -> bytes:
    for at, gone, come in done:
        place = at % len(content)
        content = content[:place] + come + content[place + gone :]
    return content


# A decoder warns of an EXIF that it cannot read; we throw it away in any case.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@given(done=damages)
def test_a_damaged_photo_is_a_clean_picture_or_none(kind: str, done: list[tuple[int, int, bytes]]) -> None:
    try:
        clean = made_anew(damaged(photo(kind), done), f"image/{kind.lower()}", RULES)
    except (BrokenImage, ImageTooLarge):
        return
    with Image.open(BytesIO(clean)) as picture:
        picture.load()
        assert not picture.getexif()


@given(done=damages)
def test_a_damaged_film_keeps_its_length_or_is_refused(done: list[tuple[int, int, bytes]]) -> None:
    broken = damaged(film(), done)
    try:
        assert len(without_metadata(broken)) == len(broken)
    except BrokenFilm:
        return


def test_a_film_without_metadata_stays_as_it_is() -> None:
    clean = without_metadata(film())
    assert PLACE not in clean
    assert COMMENT not in clean
    assert without_metadata(clean) == clean
