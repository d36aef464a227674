"""HTML that is opened as a file: a browser runs its scripts and shows its frames, unlike a mail program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from classifiers.extract.hidden_writing.word_order import natural_texts
from classifiers.extract.readers.reading import DISPUTED, UNREADABLE, FileContent, InnerFile
from classifiers.extract.readers.xml.values import read_data_url
from gateway.core.mime.html import read_html
from gateway.core.mime.page.attributes import PAIR_OF_HALVES, surrogate_pair

_SCRIPT = re.compile(r"<script\b([^<>]{0,2000})>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_DATA_TYPE = re.compile(
    r"type\s{0,9}=\s{0,9}[\"']?(?:application/(?:ld\+)?json|text/template|importmap)", re.IGNORECASE
)
_HANDLER = re.compile(r"\son[a-z]{3,20}\s{0,9}=|\bjavascript:|http-equiv\s{0,9}=\s{0,9}[\"']?refresh", re.IGNORECASE)
_SRCDOC = re.compile(r"\bsrcdoc\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DATA_URL = re.compile(r"data:[\w.+/-]{0,100}(?:;[^;,\"'<>\s]{0,100}){0,8},[^\"'<>\s)]*", re.IGNORECASE)
_STRING = re.compile(  # the closing quote may be missing, so that no text is searched twice
    r"\"((?:[^\"\\\n]|\\.)*+)\"?|'((?:[^'\\\n]|\\.)*+)'?|`((?:[^`\\]|\\.)*+)`?", re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)
_BOILERPLATE = re.compile(
    r"<style\s{1,9}amp4(?:email|ads)-boilerplate\s{0,9}>[^<]{0,200}</style\s{0,9}>", re.IGNORECASE
)
"""A style sheet that hides a page until AMP's scripts have run."""
_FETCHED = re.compile(r"<amp-(?:list|state|iframe)\b[^<>]{0,500}\ssrc\s{0,9}=", re.IGNORECASE)
_PROGRAM = re.compile(
    rb"<script|<!ENTITY|\son[a-zA-Z]{3,20}\s{0,9}=|javascript:|http-equiv\s{0,9}=\s{0,9}[\"']?refresh", re.IGNORECASE
)
"""What only a browser follows."""
_MAX_SCRIPT = 200_000
_MAX_FILES = 50


def needs_a_browser(html: bytes) -> bool:
    """Whether HTML that is attached shows more in a browser than in a mail program, which runs no scripts."""
    return _PROGRAM.search(html) is not None


def read_html_file(html: str) -> FileContent:
    """The content of an HTML file: what it shows without scripts; the texts in its scripts are hidden text."""
    page = read_html(html)
    content = FileContent("html", [page.shown], [page.hidden, *natural_texts(page.marked)])
    content.fail_page(page.gaps)
    if page.is_disputed:
        content.fail(DISPUTED, "HTML that programs show differently")
    scripts = list(_scripts(html))
    if scripts or _HANDLER.search(html):
        content.fail(UNREADABLE, "a script decides what is shown")
        content.hidden.append("\n".join(text for script in scripts for text in script_strings(script)))
    content.files = [
        *embedded_files(html),
        *(InnerFile("", file.data, file.media_type) for file in page.embedded),
    ]
    return content


def read_mail_page(html: str) -> FileContent:
    """A page that some mail programs show instead of the text: AMP for mail, or the page for a watch.

    Only AMP's own scripts run there. A list that is fetched when the mail is opened may say anything.
    """
    page = read_html(_BOILERPLATE.sub("", html))
    content = FileContent("html", [page.shown], [page.hidden, *natural_texts(page.marked)])
    content.fail_page(page.gaps)
    if page.is_disputed:
        content.fail(DISPUTED, "HTML that programs show differently")
    if _FETCHED.search(html):
        content.fail(UNREADABLE, "text that is fetched when the mail is opened")
    content.files = [InnerFile("", file.data, file.media_type) for file in page.embedded]
    return content


def _scripts(html: str) -> Iterator[str]:
    at, left = 0, _MAX_SCRIPT
    while left > 0 and (begin := _SCRIPT.search(html, at)) is not None:
        end = _SCRIPT_END.search(html, begin.end())
        at = end.start() if end else len(html)
        if not _DATA_TYPE.search(begin[1]):
            script = html[begin.end() : at][:left]
            left -= len(script) + 1
            yield script or " "


def script_strings(script: str) -> Iterator[str]:
    """The strings of a script, with their escapes resolved."""
    for found in _STRING.finditer(script):
        if text := found[1] or found[2] or found[3]:
            yield unescape_script(text)


def unescape_script(text: str) -> str:
    """A string of JavaScript or JSON as it is displayed."""

    def plain(escape: re.Match[str]) -> str:
        code = escape[1] or escape[2] or escape[3]
        if code is None:
            return {"n": "\n", "t": "\t", "r": "\n"}.get(escape[4], escape[4])
        number = int(code, 16)
        return chr(number) if number < 0xD800 or 0xE000 <= number < 0x110000 else " "

    if "\\u" in text:
        text = PAIR_OF_HALVES.sub(lambda pair: surrogate_pair(pair[1], pair[2]), text)
    return _ESCAPE.sub(plain, text)


def embedded_files(html: str) -> Iterator[InnerFile]:
    """Frames with a content of their own, and files in `data:` URLs."""
    for number, found in enumerate(_SRCDOC.finditer(html)):
        if number < _MAX_FILES:
            yield InnerFile("", unescape(found[1] or found[2] or "").encode("utf-8", "replace"), "text/html")
    for number, found in enumerate(_DATA_URL.finditer(html)):
        if number < _MAX_FILES and (file := read_data_url(unescape(found.group()))) is not None:
            yield file
