"""The new text of a message, without quotes, forwarded messages and signatures, in linear time."""

from __future__ import annotations

import pytest

from gateway.core.mime.excerpt import excerpt, new_text
from gateway.core.mime.parts import mime_parts, text_part
from tests.growth import grows_linearly


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Yes, I will.\n\nOn Tue, Nov 24, Dana Whitfield wrote:\n> Will you?", "Yes, I will."),
        ("Yes.\nOn Tuesday, the 24th of November,\nDana Whitfield wrote:\n> Will you?", "Yes."),
        ("Sí.\nEl mar, 24 nov, Dana Whitfield escribió:\n> ¿Vienes?", "Sí."),
        ("See below.\n\n-----Original Message-----\nFrom: Dana", "See below."),
        ("Hi\n  ________ Forwarded message\nx", "Hi"),
        ("Done.\n*From:* Dana\nSent: Tuesday\nold", "Done."),
        ("Thanks\n-- \nAvery", "Thanks"),
        ("> old\nnew\n >> older\nmore", "new\nmore"),
        ("We met -- \nand then on Tuesday he wrote: no.", "We met --\nand then on Tuesday he wrote: no."),
        ("\r\n  two\r\nlines \r\n", "two\nlines"),
        ("", ""),
    ],
)
def test_new_text(text: str, new: str) -> None:
    assert new_text(text) == new


def test_excerpt_of_the_first_readable_part() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>Quiz</p><blockquote>x</blockquote>\r\n"
    assert excerpt(mime_parts(html)).startswith("Quiz")
    assert excerpt(mime_parts(b"Subject: x\r\n\r\n" + b"word " * 10_000)) == ("word " * 400)
    assert excerpt(mime_parts(b"Content-Type: image/png\r\n\r\nx")) == ""
    assert excerpt(text_part("¿Vienes?".encode())) == "¿Vienes?"


@pytest.mark.parametrize("run", [" ", "-", "_", "\t", "- ", "On ", "On a\n", "From: ", "> ", "*", "\n", "wrote:"])
def test_long_runs_take_linear_time(run: str) -> None:
    assert grows_linearly(new_text, lambda size: (run * size)[:size], 1 << 13, 1 << 16)
