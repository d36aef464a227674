"""Tests of classifiers.extract.readers.html_files: pages that some mail programs show instead of the text."""

from __future__ import annotations

import pytest

from classifiers.extract.extraction import extract_message

PAGE = """<!doctype html><html amp4email><head><script async src="https://cdn.ampproject.org/v0.js"></script>
<style amp4email-boilerplate>body{visibility:hidden}</style></head>
<body><p>Meet me alone tonight.</p>%s</body></html>"""


def mail(media_type: str, page: str) -> bytes:
    parts = "Content-Type: text/plain\n\nPractice is at four.\n--b\n" + f"Content-Type: {media_type}\n\n{page}\n--b--\n"
    return f"Content-Type: multipart/alternative; boundary=b\n\n--b\n{parts}".replace("\n", "\r\n").encode()


@pytest.mark.parametrize("media_type", ["text/x-amp-html", "text/watch-html"])
def test_a_page_for_some_programs_is_read_without_its_usual_scripts(media_type: str) -> None:
    read = extract_message(mail(media_type, PAGE % ""))
    assert read.failed == ()
    assert "Meet me alone tonight." in [passage.text for passage in read.passages]


def test_text_that_is_fetched_later_is_not_read() -> None:
    read = extract_message(
        mail("text/x-amp-html", PAGE % '<amp-list width="1" src="https://a.example/list"></amp-list>')
    )
    assert read.failed == ("unreadable",)
