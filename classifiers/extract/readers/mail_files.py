"""Mails that are attached as files: .eml, .mht, mbox, also inside archives. Their parts are read like a message."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.extract.readers.reading import DISPUTED, TOO_LARGE, UNREADABLE, FileContent, InnerFile
from classifiers.extract.readers.records import put_first, say_together
from gateway.core.mime.account import read_mail
from gateway.core.mime.headers import HeaderSection, decode_value

_MAIL_FIELD = re.compile(
    rb"(?:from|to|cc|subject|date|mime-version|content-type|received|return-path|message-id|delivered-to|sender|reply-to"
    rb"|x-[\w-]{1,60}|content-transfer-encoding|dkim-signature|arc-seal|list-id|snapshot-content-location)[ \t]{0,9}:",
    re.IGNORECASE,
)
_FIELD = re.compile(rb"[!-9;-~]{1,200}[ \t]{0,9}:")
_SHOWN_FIELDS = frozenset(
    b"subject from to cc bcc reply-to sender comments keywords organization list-id thread-topic resent-from".split()
)
_MBOX = re.compile(rb"(?:\A|\n)From [^\r\n]{1,200}\r?\n(?=[!-9;-~]{1,200}:)")
_MAX_MAILS = 50
_TYPES = frozenset(("message/rfc822", "message/global", "multipart/related", "application/mbox"))


def is_mail(data: bytes, media_type: str, name: str) -> bool:
    """Whether a file is a mail: it is labeled as one, or begins with header fields of one."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf\r\n")
    head = head if b"\n" in head else head.replace(b"\r", b"\n")
    if head.startswith(b"From ") and _MBOX.match(head):
        return True
    lines = re.split(rb"\r?\n|\r", head)[:40]
    first = lines[0] if lines else b""
    if media_type in _TYPES or name.endswith((".eml", ".mht", ".mhtml", ".mbox", ".mbx", ".emlx")):
        return _FIELD.match(first) is not None or name.endswith(".emlx")
    if _MAIL_FIELD.match(first) is None:
        return False
    fields = 0
    for line in lines:
        if not line:
            break
        fields += _MAIL_FIELD.match(line) is not None
    return fields > 1 or b"content-type" in first.lower()


def read_mail_file(data: bytes) -> FileContent:
    """The content of a mail: header fields, texts, and its files. Fields that mail programs do not show are hidden."""
    content = FileContent("mail")
    content.files = list(_parts(data.lstrip(b"\xef\xbb\xbf\r\n"), content))
    return content


def _parts(data: bytes, content: FileContent) -> Iterator[InnerFile]:
    if data[:12].split(b"\n")[0].strip().isdigit():  # the length that Apple Mail writes first
        data = data.partition(b"\n")[2]
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    subjects: list[str] = []
    for number, mail in enumerate(_mails(data)):
        if number >= _MAX_MAILS:
            content.fail(TOO_LARGE, "a mailbox with many mails")
            return
        section = HeaderSection.of(mail)
        for name, value in section.fields:
            if name.encode() in _SHOWN_FIELDS or name.lower().encode() in _SHOWN_FIELDS:
                content.text.append(decode_value(value))
            else:
                content.hidden.append(decode_value(value))
        subjects.append(section.subject)
        reading = read_mail(mail, section)
        if not reading.others.complete:
            content.fail(UNREADABLE, "an attached mail that programs read in many ways")
        for other in reading.others.parts:
            content.hidden.extend((other.text, other.hidden))
        files = (other for other in reading.others.parts if other.data)
        yield from (InnerFile(other.filename, other.data, other.media_type) for other in files)
        for part in reading.parts:
            if part.unreadable:
                content.fail(UNREADABLE, "an attached mail with a broken structure")
            if part.media_type in ("text/plain", "text/html"):
                content.text.append(part.text)
                content.hidden.append(part.hidden)
                yield from (InnerFile("", file.data, file.media_type) for file in part.embedded)
                content.fail_page(part.gaps)
                if part.disputed:
                    content.fail(DISPUTED, "HTML that programs show differently")
            elif part.data:
                yield InnerFile(part.filename, part.data, part.media_type)

    put_first(say_together([subjects]), content)


def _mails(data: bytes) -> Iterator[bytes]:
    """The mails of a mailbox; one mail is a mailbox of one."""
    starts = list(_MBOX.finditer(data))[: _MAX_MAILS + 1] if data.startswith(b"From ") else []
    if not starts:
        yield data
        return
    for number, start in enumerate(starts):
        yield data[start.end() : starts[number + 1].start() if number + 1 < len(starts) else len(data)]
