"""The newest text of a message: without what it quotes, forwards or is signed with, in time by its size."""

from __future__ import annotations

import time

import pytest

from gateway.core.mime.excerpt import excerpt, newest


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
def test_what_is_new(text: str, new: str) -> None:
    assert newest(text) == new


def test_the_first_part_that_can_be_read_and_no_more_of_it_than_is_of_use() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>Quiz</p><blockquote>x</blockquote>\r\n"
    assert excerpt(html).startswith("Quiz")
    assert excerpt(b"Subject: x\r\n\r\n" + b"word " * 10_000) == ("word " * 400)
    assert excerpt(b"Content-Type: image/png\r\n\r\nx") == ""
    assert excerpt("¿Vienes?".encode(), "sms") == "¿Vienes?"


@pytest.mark.parametrize("run", [" ", "-", "_", "\t", "- ", "On ", "On a\n", "From: ", "> ", "*", "\n", "wrote:"])
def test_no_run_of_anything_takes_long(run: str) -> None:
    began = time.process_time()
    newest((run * (1 << 16))[: 1 << 16])
    assert time.process_time() - began < 1.0
