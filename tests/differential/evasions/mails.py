"""Mails around a text, a page or a file: every structure and header trick takes one body part."""

from __future__ import annotations

import base64
import binascii
import quopri
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.header import Header

from tests.differential.evasions import ciphers
from tests.differential.evasions.archives import in_archive
from tests.differential.evasions.containers import CONTAINERS
from tests.differential.evasions.drawings import DRAWINGS
from tests.differential.evasions.files import FILES
from tests.differential.evasions.hidden_file import HiddenFile, encoded
from tests.differential.evasions.letters import LETTERS
from tests.differential.evasions.links import PLACES as LINK_PLACES
from tests.differential.evasions.links import SHOWN_WHERE, in_place, links
from tests.differential.evasions.pages import PLACES, make_page
from tests.differential.evasions.papers import PAPERS
from tests.differential.evasions.styles import STYLES, make_styled
from tests.differential.evasions.wrappings import wrapped
from tests.differential.evasions.writings import WRITINGS

COVER = b"Practice is on Tuesday at four in the gymnasium. Please bring the signed form and a water bottle."
_CHARSETS = (
    "utf-8", "us-ascii", "iso-8859-1", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "cp500",
    "iso-2022-jp", "hz", "gb18030", "shift_jis", "windows-1252", "koi8-r", "big5", "euc-kr",
)  # fmt: skip
_LABELS = ("x-unknown", "", "utf-8", "us-ascii", "binary", "unicode-1-1-utf-7", "utf-16", "iso-8859-1", "cp037")


@dataclass(frozen=True, slots=True)
class Body:
    """The header fields and the encoded body of a part."""

    fields: bytes
    body: bytes

    @property
    def part(self) -> bytes:
        """The part as it stands between boundaries."""
        return self.fields + b"\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Evasion:
    """A mail that hides a sentence, and what it was made of."""

    content: bytes
    kinds: tuple[str, ...]


def _encoded(rng: random.Random, data: bytes) -> tuple[str, bytes]:
    way = rng.choice("8bit 8bit base64 quoted-printable quoted-printable-all base64-loose uuencode none".split())
    if way == "none" or way == "8bit":
        return way, data
    if way == "base64":
        return way, base64.encodebytes(data).replace(b"\n", b"\r\n")
    if way == "base64-loose":
        pieces = [base64.b64encode(data[at : at + 10]) for at in range(0, len(data), 10)]
        return "base64", b"\r\n".join(pieces) + b"\r\n"
    if way == "uuencode":
        lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
        return "x-uuencode", (b"begin 644 a.txt\n" + b"".join(lines) + b"`\nend\n").replace(b"\n", b"\r\n")
    if way == "quoted-printable-all":
        text = "".join(f"={byte:02X}" + ("=\r\n" if at % 20 == 19 else "") for at, byte in enumerate(data))
        return "quoted-printable", text.encode()
    return way, quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")


def text_body(rng: random.Random, text: str, media_type: str = "text/plain") -> tuple[Body, str]:
    """A text part in some charset and encoding, with how it was made."""
    charset = rng.choice(_CHARSETS) if rng.random() < 0.5 else "utf-8"
    charset, data = encoded(text.replace("\n", "\r\n"), charset)
    label = charset if rng.random() < 0.8 else rng.choice(_LABELS)
    if charset in ("utf-8", "us-ascii", "iso-8859-1") and rng.random() < 0.3:
        label = rng.choice(_LABELS)
    encoding, body = _encoded(rng, data)
    if charset.startswith(("utf-16", "utf-32")) and encoding in ("8bit", "none"):
        encoding, body = "base64", base64.encodebytes(data).replace(b"\n", b"\r\n")
    named = f'; charset="{label}"' if label else ""
    fields = f"Content-Type: {media_type}{named}\r\n".encode()
    if encoding != "none":
        fields += f"Content-Transfer-Encoding: {encoding}\r\n".encode()
    return Body(fields, body), f"{charset} as {label or 'none'} in {encoding}"


def file_body(rng: random.Random, file: HiddenFile) -> Body:
    """A file as a part, attached or inline, with an odd type now and then."""
    kind = file.media_type if rng.random() < 0.7 else rng.choice(
        ["application/octet-stream", "image/png", "text/plain", "application/x-odd", "audio/mpeg", file.media_type]
    )  # fmt: skip
    disposition = rng.choice(["attachment", "inline", ""])
    fields = f'Content-Type: {kind}; name="{file.name}"\r\nContent-Transfer-Encoding: base64\r\n'
    if disposition:
        fields += f'Content-Disposition: {disposition}; filename="{file.name}"\r\n'
    return Body(fields.encode(), base64.encodebytes(file.data).replace(b"\n", b"\r\n"))


# Structures


_HEAD = b"From: Dana Okafor <dana.okafor@riverbend.example>\r\nTo: liam@students.riverbend.example\r\n"
_TITLE = b"Subject: Practice\r\nMIME-Version: 1.0\r\n"
_COVER_PART = b"--q\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + COVER + b"\r\n"
_COVER_PAGE = b"--q\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>" + COVER + b"</p>\r\n"


def _multipart(kind: bytes, *parts: bytes, parameters: bytes = b'; boundary="q"', after: bytes = b"") -> bytes:
    return (
        _HEAD + _TITLE + b"Content-Type: multipart/" + kind + parameters + b"\r\n\r\n" + b"".join(parts)
        + b"--q--\r\n" + after
    )  # fmt: skip


def _single(body: Body) -> bytes:
    return _HEAD + _TITLE + body.part + b"\r\n"


def _in(body: Body) -> bytes:
    return b"--q\r\n" + body.part + b"\r\n"


STRUCTURES: dict[str, Callable[[Body], bytes]] = {
    "single": _single,
    "mixed": lambda body: _multipart(b"mixed", _COVER_PART, _in(body)),
    "first": lambda body: _multipart(b"mixed", _in(body), _COVER_PART),
    "alternative last": lambda body: _multipart(b"alternative", _COVER_PART, _in(body)),
    "alternative first": lambda body: _multipart(b"alternative", _in(body), _COVER_PAGE),
    "related": lambda body: _multipart(b"related", _COVER_PAGE, _in(body)),
    "related start": lambda body: _multipart(
        b"related", _COVER_PART, b"--q\r\nContent-ID: <a>\r\n" + body.part + b"\r\n", parameters=b'; boundary="q"; start="<a>"'
    ),
    "digest": lambda body: _multipart(b"digest", b"--q\r\n\r\nSubject: x\r\n" + body.part + b"\r\n"),
    "report": lambda body: _multipart(b"report", _COVER_PART, _in(body)),
    "signed": lambda body: _multipart(b"signed", _COVER_PART, _in(body)),
    "encrypted": lambda body: _multipart(b"encrypted", _COVER_PART, _in(body)),
    "appledouble": lambda body: _multipart(b"appledouble", _COVER_PART, _in(body)),
    "form-data": lambda body: _multipart(b"form-data", _COVER_PART, _in(body)),
    "parallel": lambda body: _multipart(b"parallel", _COVER_PART, _in(body)),
    "unknown multipart": lambda body: _multipart(b"x-odd", _COVER_PART, _in(body)),
    "after the end": lambda body: _multipart(b"mixed", _COVER_PART, after=_in(body) + b"--q--\r\n"),
    "after the end as text": lambda body: _multipart(b"mixed", _COVER_PART, after=body.body),
    "before the first": lambda body: _multipart(b"mixed", body.body + b"\r\n", _COVER_PART),
    "no end": lambda body: _multipart(b"mixed", _COVER_PART, _in(body)).removesuffix(b"--q--\r\n"),
    "two boundaries": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--z\r\n" + body.part + b"\r\n--z--\r\n", parameters=b"; boundary=q; boundary=z"
    ),
    "numbered boundary": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--z\r\n" + body.part + b"\r\n--z--\r\n", parameters=b"; boundary=q; boundary*0=z"
    ),
    "boundary with a comment": lambda body: _multipart(
        b"mixed", _COVER_PART, _in(body), parameters=b"; boundary=(x)q"
    ),
    "no boundary": lambda body: _multipart(b"mixed", _COVER_PART, _in(body), parameters=b""),
    "boundary in another case": lambda body: _multipart(b"mixed", _COVER_PART, _in(body), parameters=b"; boundary=Q"),
    "longer boundary": lambda body: _multipart(b"mixed", _COVER_PART, b"--qq\r\n" + body.part + b"\r\n"),
    "boundary with blanks": lambda body: _multipart(b"mixed", _COVER_PART, b"--q  \t\r\n" + body.part + b"\r\n"),
    "boundary behind a blank": lambda body: _multipart(b"mixed", _COVER_PART, b" --q\r\n" + body.part + b"\r\n"),
    "nested": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--q\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n", body.part, b"\r\n--z--\r\n"
    ),
    "nested in the same boundary": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--q\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n", _in(body)
    ),
    "deep": lambda body: _multipart(
        b"mixed", _COVER_PART,
        b"".join(b"--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n" % (b"q" if at == 0 else b"n%d" % (at - 1), b"n%d" % at)
                 for at in range(12)),
        b"--n11\r\n" + body.part + b"\r\n--n11--\r\n",
    ),
    "attached mail": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--q\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nMIME-Version: 1.0\r\n", body.part, b"\r\n"
    ),
    "attached mail in base64": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--q\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        base64.encodebytes(b"Subject: x\r\nMIME-Version: 1.0\r\n" + body.part), b"\r\n",
    ),
    "global message": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--q\r\nContent-Type: message/global\r\n\r\nSubject: x\r\n", body.part, b"\r\n"
    ),
    "part of a message": lambda body: _HEAD + _TITLE
    + b"Content-Type: message/partial; id=a; number=1; total=1\r\n\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + body.part,
    "message elsewhere": lambda body: _multipart(
        b"mixed", _COVER_PART, b"--q\r\nContent-Type: message/external-body; access-type=local-file; name=a\r\n\r\n", body.part, b"\r\n"
    ),
    "stray header line": lambda body: _HEAD + _TITLE + b"a line without a colon\r\n" + body.part,
    "blank before the header": lambda body: b"\r\n" + _single(body),
    "from line": lambda body: b"From a@b Mon Nov  3 12:00:00 2025\r\n" + _single(body),
    "two types": lambda body: _HEAD + _TITLE + b"Content-Type: text/plain\r\n" + body.part,
    "two types, other last": lambda body: _HEAD + _TITLE + body.fields + b"Content-Type: image/png\r\n\r\n" + body.body,
    "two encodings": lambda body: _HEAD + _TITLE + b"Content-Transfer-Encoding: 7bit\r\n" + body.part,
    "encoding misspelled": lambda body: _single(Body(body.fields.replace(b"base64", b"base 64").replace(b"quoted-printable", b"quoted/printable"), body.body)),
    "encoding in quotes": lambda body: _single(Body(body.fields.replace(b": base64", b': "base64"'), body.body)),
    "encoding with a comment": lambda body: _single(Body(body.fields.replace(b": base64", b": (x) base64"), body.body)),
    "encoding of a multipart": lambda body: _HEAD + _TITLE
    + b"Content-Type: multipart/mixed; boundary=q\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(_COVER_PART + _in(body) + b"--q--\r\n"),
    "type misspelled": lambda body: _single(Body(body.fields.replace(b"text/plain", b"text / plain"), body.body)),
    "type without a subtype": lambda body: _single(Body(body.fields.replace(b"text/plain", b"text"), body.body)),
    "type of an unknown kind": lambda body: _single(Body(body.fields.replace(b"text/", b"x-text/"), body.body)),
    "folded fields": lambda body: _single(Body(body.fields.replace(b": ", b":\r\n ").replace(b"; ", b";\r\n\t"), body.body)),
    "no MIME version": lambda body: _HEAD + b"Subject: Practice\r\n" + body.part,
    "bare line feeds": lambda body: _single(body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "quote of another message": lambda body: _HEAD + _TITLE + b"In-Reply-To: <a@b>\r\n" + body.fields + b"\r\n" + body.body,
    "base64 after its padding": lambda body: _single(
        Body(b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
             base64.b64encode(COVER + b"!" * (3 - len(COVER) % 3 or 3) + b"!") + b"\r\n" + body.body)
    ) if b"base64" in body.fields else _single(body),
    "garbage in base64": lambda body: _single(
        Body(body.fields, body.body.replace(b"\r\n", b"!\r\n*"))) if b"base64" in body.fields else _single(body),
}  # fmt: skip


def _word(text: str, rng: random.Random) -> bytes:
    if rng.random() < 0.3:
        return text.replace("\n", " ").encode()
    charset = rng.choice(["utf-8", "utf-8", "iso-8859-1", "utf-7", "utf-16", "cp037"])
    data = text.replace("\n", " ")
    charset, _ = encoded(data, charset)
    if charset in ("utf-8", "iso-8859-1") and rng.random() < 0.5:
        try:
            return Header(data, charset, 70).encode().replace("\n", "\r\n").encode()
        except UnicodeError:
            return data.encode()
    pieces = [data[at : at + 12] for at in range(0, len(data), 12)]
    return b" ".join(
        b"=?%s?b?%s?=" % (charset.encode(), base64.b64encode(piece.encode(charset, "replace"))) for piece in pieces
    )


FIELDS: dict[str, bytes] = {
    "subject": b"Subject: %s\r\n",
    "second subject": b"Subject: Practice\r\nSubject: %s\r\n",
    "subject with a blank before its colon": b"Subject : %s\r\n",
    "from": b'From: "%s" <dana.okafor@riverbend.example>\r\n',
    "from without quotes": b"From: %s <dana.okafor@riverbend.example>\r\n",
    "comment of an address": b"From: dana.okafor@riverbend.example (%s)\r\n",
    "to": b'To: "%s" <liam@students.riverbend.example>\r\n',
    "group": b"To: %s: liam@students.riverbend.example;\r\n",
    "cc": b'Cc: "%s" <a@riverbend.example>\r\n',
    "reply-to": b'Reply-To: "%s" <a@riverbend.example>\r\n',
    "sender": b'Sender: "%s" <a@riverbend.example>\r\n',
    "comments": b"Comments: %s\r\n",
    "keywords": b"Keywords: %s\r\n",
    "organization": b"Organization: %s\r\n",
    "list-id": b"List-Id: %s <a.riverbend.example>\r\n",
    "list-help": b"List-Help: <https://riverbend.example/> (%s)\r\n",
    "thread-topic": b"Thread-Topic: %s\r\n",
    "resent-from": b'Resent-From: "%s" <a@riverbend.example>\r\n',
    "date": b"Date: Mon, 3 Nov 2025 12:00:00 +0000 (%s)\r\n",
    "importance": b"Summary: %s\r\n",
    "description": b"Content-Description: %s\r\n",
    "file name": b'Content-Disposition: attachment; filename="%s.txt"\r\n',
    "name of the type": b'Content-Type: text/plain; name="%s.txt"\r\n',
}


def make(rng: random.Random, sentence: str) -> Evasion:
    """A mail that hides the sentence."""
    writing = rng.choice(WRITINGS)
    written = writing(rng, sentence)
    kinds = [writing.__name__]
    way = rng.random()
    if way < 0.12:
        field = rng.choice(list(FIELDS))
        kinds += ["field", field]
        head = FIELDS[field] % _word(written, rng)
        rest = b"".join(line + b"\r\n" for line in _HEAD.splitlines() if line.split(b":")[0] not in head)
        title = b"" if head.startswith(b"Subject") else b"Subject: Practice\r\n"
        kind = b"" if b"Content-Type" in head else b"Content-Type: text/plain; charset=utf-8\r\n"
        return Evasion(rest + head + title + b"MIME-Version: 1.0\r\n" + kind + b"\r\n" + COVER + b"\r\n", tuple(kinds))
    if way < 0.3:
        body, how = text_body(rng, written)
        kinds += ["text", how]
    elif way < 0.6:
        place = rng.choice(PLACES)
        body, how = text_body(rng, make_page(rng, written, place), "text/html")
        kinds += ["page", place, how]
    else:
        name = rng.choice(list(FILES))
        file = FILES[name](rng, written)
        kinds += ["file", name]
        if rng.random() < 0.35:
            file = in_archive(rng, file)
            kinds.append(f"in {file.name}")
        if rng.random() < 0.1:
            file = in_archive(rng, file)
            kinds.append(f"in {file.name}")
        body = file_body(rng, file)
        if rng.random() < 0.6:
            return Evasion(STRUCTURES["mixed"](body), (*kinds, "mixed"))
    structure = rng.choice(list(STRUCTURES)) if rng.random() < 0.6 else rng.choice(["single", "mixed"])
    kinds.append(structure)
    return Evasion(STRUCTURES[structure](body), tuple(kinds))


def plain_mails(sentence: str) -> Iterator[Evasion]:
    """One mail for every writing, place, file, structure and header field, without any other disguise."""
    rng = random.Random(5)
    for writing in dict.fromkeys(WRITINGS):
        yield Evasion(_single(_plain(writing(rng, sentence))), ("writing", writing.__name__))
    for place in PLACES:
        page = make_page(rng, sentence, place)
        for structure in ("single", "alternative last"):
            yield Evasion(STRUCTURES[structure](_plain(page, b"text/html")), ("page", place, structure))
    for name, make_file in FILES.items():
        yield Evasion(STRUCTURES["mixed"](file_body(random.Random(2), make_file(rng, sentence))), ("file", name))
    for name, structure_of in STRUCTURES.items():
        yield Evasion(structure_of(_plain(sentence)), ("structure", name))
        yield Evasion(structure_of(_plain(sentence, encode=True)), ("structure", name, "base64"))
    for name, field in FIELDS.items():
        title = b"" if field.startswith(b"Subject") else b"Subject: Practice\r\n"
        head = b"".join(line + b"\r\n" for line in _HEAD.splitlines() if not field.startswith(line.split(b":")[0]))
        content = (
            head + field % _word(sentence, random.Random(3)) + title + b"MIME-Version: 1.0\r\n\r\n" + COVER + b"\r\n"
        )
        yield Evasion(content, ("field", name))


def rarer_mails(sentence: str) -> Iterator[Evasion]:
    """One mail for every rarer disguise: letters, drawings, links, styles, files, containers, structures."""
    rng = random.Random(7)
    for writing in LETTERS:
        yield Evasion(_single(_plain(writing(rng, sentence))), ("letters", writing.__name__))
    for name, draw in ciphers.SEEN.items():
        yield Evasion(_single(_plain(draw(sentence))), ("drawn", name))
    for place in STYLES:
        page = make_styled(random.Random(place), sentence, place)
        yield Evasion(_single(_plain(page, b"text/html")), ("style", place))
    for place in (place for place in LINK_PLACES if place in SHOWN_WHERE):
        for name, link in links(sentence).items():
            media_type, text = in_place(link, place)
            yield Evasion(_single(_plain(text, media_type.encode())), ("link", place, name))
    for name, make_file in (PAPERS | DRAWINGS).items():
        yield Evasion(STRUCTURES["mixed"](file_body(random.Random(2), make_file(rng, sentence))), ("paper", name))
    for name, pack in CONTAINERS.items():
        yield Evasion(STRUCTURES["mixed"](file_body(random.Random(2), pack(sentence))), ("container", name))
    for name, content in wrapped(sentence):
        yield Evasion(content, ("wrapping", name))


def puzzles(sentence: str) -> Iterator[Evasion]:
    """One mail for every code that takes a table, a tool or a trick. Not all of them are read."""
    for name, write in ciphers.PUZZLES.items():
        yield Evasion(_single(_plain(write(sentence))), ("puzzle", name))


def _plain(text: str, media_type: bytes = b"text/plain", encode: bool = False) -> Body:
    data = text.replace("\n", "\r\n").encode()
    fields = b"Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n"
    way = b"base64" if encode else b"8bit"
    return Body(fields % (media_type, way), base64.encodebytes(data).replace(b"\n", b"\r\n") if encode else data)
