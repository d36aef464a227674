"""Words in pictures are read where the extra is installed, within bounds."""

from __future__ import annotations

import io
import time
from email.message import EmailMessage
from email.policy import SMTP
from importlib import import_module
from typing import Any

import pytest

from classifiers.extract import documents
from classifiers.extract import ocr as pictures
from classifiers.extract.extraction import extract_message
from classifiers.extract.quoting import PassageKind

pytestmark = pytest.mark.skipif(not pictures.is_available(), reason="the extra ocr is not installed")


def picture(text: str = "", width: int = 900, height: int = 160) -> bytes:
    image: Any = import_module("PIL.Image").new("RGB", (width, height), "white")
    font = import_module("PIL.ImageFont").load_default(60)
    import_module("PIL.ImageDraw").Draw(image).text((30, 40), text, fill="black", font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def soon() -> float:
    return time.monotonic() + 60


def test_the_words_of_a_picture_are_those_of_a_file() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("See the picture.")
    message.add_attachment(picture("Keep this between us"), "image", "png", filename="note.png")
    reading = extract_message(message.as_bytes())
    assert [each.text for each in reading.passages if each.kind is PassageKind.ATTACHED] == ["Keep this between us"]
    assert reading.failed == ()


def test_a_picture_without_words_says_nothing_and_a_mark_is_not_looked_at() -> None:
    assert pictures.read_words(picture(), soon()) == ("", ())
    assert pictures.read_words(picture("x", 20, 20), 0.0 + soon()) == ("", ())


def test_what_is_no_picture_is_unreadable() -> None:
    assert pictures.read_words(b"\x89PNG nonsense", soon()) == ("", ("unreadable",))


def test_a_picture_of_too_many_pixels_is_not_opened() -> None:
    begun = time.process_time()
    assert pictures.read_words(picture("x", 30_000, 1_000), soon()) == ("", ("too_large",))
    assert time.process_time() - begun < 5


def test_more_pictures_than_are_read_are_said_to_be_too_many() -> None:
    budget = documents.Budget(soon(), 1000, pictures=1)
    assert documents.extract_text("image/png", "a.png", picture("One"), budget)[1] == ()
    assert documents.extract_text("image/png", "b.png", picture("Two"), budget) == ("", ("too_large",))


def test_a_logo_is_read_once() -> None:
    logo = picture("School seal")
    first = pictures.read_words(logo, soon())
    assert first[0] == "School seal"
    assert pictures.read_words(logo, 0.0) == first
