"""Text that may be HTML, whatever its label: read as a page, and as programs show it that take it for text."""

from __future__ import annotations

import re
from html import unescape

from gateway.core.mime.html import read_html
from gateway.core.mime.parts import Part

_HTML = re.compile(r"<(?:html|body|head|!doctype html|div|p|br|table|span|a|b|i|font|meta)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*>")
_VALUE = re.compile(r"=[ \t]{0,9}[\"']([^\"'<>]{12,2000})[\"']")
_ENTITY_VALUE = re.compile(r"(?<=[ \t])(?:\"[^\"<>]{12,2000}\"|'[^'<>]{12,2000}')")
_STYLE = re.compile(r"[{}:;=]|\w\(")
_UNSHOWN = re.compile(
    r"<(style|script)\b[^<>]*>[^<]*(?:<(?!/(?:style|script))[^<]*)*(?:</(?:style|script)\s*>|\Z)", re.IGNORECASE
)
_SAMPLE = 20_000


def begins_with_html(text: str) -> bool:
    """Whether a text begins with a tag."""
    return _HTML.match(text.lstrip()) is not None


def has_html(text: str) -> bool:
    """Whether a text has tags."""
    return _HTML.search(text[:_SAMPLE]) is not None


def html_part(text: str) -> Part:
    """A text as a page."""
    page = read_html(text)
    return Part(
        "", "text/html", page.shown, hidden=page.hidden, gaps=page.gaps, disputed=page.is_disputed,
        embedded=page.embedded, marked=page.marked,
    )  # fmt: skip


def source_text(html: str) -> str:
    """The text between tags, and sentences in tags, which a program shows that takes HTML for text."""
    return _TAG.sub(_attribute_texts, _UNSHOWN.sub(" ", html))


def _attribute_texts(tag: re.Match[str]) -> str:
    if tag[0].startswith("<!ENTITY"):
        return f" {' '.join(map(unescape, _ENTITY_VALUE.findall(tag[0])))} "
    values = _VALUE.findall(tag[0])
    return f" {' '.join(value for value in values if value.count(' ') > 3 and not _STYLE.search(value))} "
