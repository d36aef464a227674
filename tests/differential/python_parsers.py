"""Runs a parser that can be used from Python: `python -m tests.differential.python_parsers email|mail-parser`."""

from __future__ import annotations

import email
import email.policy
import sys
from contextlib import suppress

from tests.differential.parsers import answer, requests


def _with_email(content: bytes, text: list[str], html: list[str]) -> None:
    message = email.message_from_bytes(content, policy=email.policy.default)
    for name in ("Subject", "From", "To", "Cc"):
        with suppress(Exception):
            text.append(str(message[name] or ""))
    old = email.message_from_bytes(content)
    for part in old.walk():
        if part.get_content_maintype() not in ("text", "message") or part.is_multipart():
            continue
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            try:
                words = data.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                words = data.decode("latin-1")
            (html if part.get_content_type() == "text/html" else text).append(words)


def _with_mail_parser(content: bytes, text: list[str], html: list[str]) -> None:
    import fast_mail_parser

    mail = fast_mail_parser.parse_email(content)
    text += [mail.subject, *mail.text_plain]
    html += mail.text_html


def main() -> None:
    """Answer every mail on standard input."""
    read = {"email": _with_email, "mail-parser": _with_mail_parser}[sys.argv[1]]
    for content in requests(sys.stdin.buffer):
        text: list[str] = []
        html: list[str] = []
        with suppress(Exception):  # what was shown before the error counts
            read(content, text, html)
        answer(sys.stdout.buffer, [words for words in text if words], html)


if __name__ == "__main__":
    main()
