"""Words in pictures are read if the extra is installed, within bounds."""

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


def deadline() -> float:
    return time.monotonic() + 60


def test_the_words_of_a_picture_are_attached_text() -> None:
    message = EmailMessage(policy=SMTP)
    message.set_content("See the picture.")
    message.add_attachment(picture("Keep this between us"), "image", "png", filename="note.png")
    extracted = extract_message(message.as_bytes())
    assert [passage.text for passage in extracted.passages if passage.kind is PassageKind.ATTACHED] == [
        "Keep this between us"
    ]
    assert extracted.failed == ()


def test_a_picture_without_words_and_an_icon_are_empty() -> None:
    assert pictures.read_words(picture(), deadline()) == ("", ())
    assert pictures.read_words(picture("x", 20, 20), 0.0 + deadline()) == ("", ())


def test_a_broken_picture_is_unreadable() -> None:
    assert pictures.read_words(b"\x89PNG nonsense", deadline()) == ("", ("unreadable",))


def test_a_picture_with_too_many_pixels_is_not_decoded() -> None:
    assert pictures.read_words(picture("x", 30_000, 1_000), deadline()) == ("", ("too_large",))


def test_pictures_beyond_the_budget_are_too_large() -> None:
    budget = documents.Budget(deadline(), 1000, pictures=1)
    assert documents.extract_text("image/png", "a.png", picture("One"), budget)[1] == ()
    assert documents.extract_text("image/png", "b.png", picture("Two"), budget) == ("", ("too_large",))


def test_a_repeated_picture_is_cached() -> None:
    logo = picture("School seal")
    first = pictures.read_words(logo, deadline())
    assert first[0] == "School seal"
    assert pictures.read_words(logo, 0.0) == first
