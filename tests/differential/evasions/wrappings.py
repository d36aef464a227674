"""More mails around a sentence: parts, encodings, charsets and header fields that programs read differently."""

from __future__ import annotations

import base64
import gzip
import quopri
from collections.abc import Iterator
from html import escape
from urllib.parse import quote

from tests.differential.evasions.header_fields import COVER as _COVER
from tests.differential.evasions.header_fields import SENT as _FROM
from tests.differential.evasions.header_fields import fields

_HEAD = _FROM + b"Subject: Practice\r\nMIME-Version: 1.0\r\n"

_TYPES = (
    "text/markdown", "text/xml", "application/xml", "application/json", "text/css", "text/javascript", "text/csv", "text/uri-list", "text/t140", "text/vnd.a", "text/x-vcard", "text/directory", "text/rfc822-headers", "application/xhtml+xml",
    "application/octet-stream", "application/x-www-form-urlencoded", "application/http", "message/http", "message/news", "message/delivery-status", "message/feedback-report", "message/sip", "message/imdn+xml", "application/ld+json",
    "application/rtf", "application/pgp", "application/x-latex", "application/javascript", "application/x-sh", "x-unknown/x", "chemical/x-pdb", "model/mesh", "image/svg+xml", "image/x-icon", "audio/basic", "video/quicktime", "font/ttf",
    "application/applefile", "application/mac-binhex40", "application/ms-tnef", "application/pdf", "application/zip", "application/pkcs7-signature", "application/pgp-signature", "application/pgp-keys", "multipart/x", "text/plain2", "TEXT/PLAIN", "text/plain;x",
    "text", "plain", "", ";", "text/", "/plain", "text/html/plain", "text\\plain", "\"text/plain\"", "text/plain, text/html", "=?utf-8?q?text/plain?=", "text/rtf", "text/troff", "text/sgml", "text/tab-separated-values", "text/cache-manifest", "text/strings",
)  # fmt: skip
_CHARSETS = (
    "'utf-8'", '""utf-8""', "utf8", "UTF_8", "utf-8; charset=utf-16", "cp65001", "unicode", "ascii; charset=cp037", "utf-16", "utf-32", "ucs-2", "utf-7", "x-user-defined", "iso-8859-8-i", "hz-gb-2312", "iso-2022-cn", "utf-ebcdic", "cp1047", "x-mac-roman",
    "cp437", "iso-ir-6", "base64", "rot13", "hex", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "zlib", "(comment) utf-8", "utf-8 (comment)", "=?utf-8?q?utf-8?=", "utf\\-8", "viscii", "utf-8\0", "utf-1", "scsu", "bocu-1",
)  # fmt: skip


def _multi(
    kind: str, *parts: bytes, parameters: str = "; boundary=q", before: bytes = b"", after: bytes = b""
) -> bytes:
    body = b"".join(b"--q\r\n" + part + b"\r\n" for part in parts)
    return _HEAD + f"Content-Type: multipart/{kind}{parameters}\r\n\r\n".encode() + before + body + b"--q--\r\n" + after


def _part(
    data: bytes, kind: str = "text/plain; charset=utf-8", more: str = "Content-Transfer-Encoding: 8bit\r\n"
) -> bytes:
    return f"Content-Type: {kind}\r\n{more}\r\n".encode() + data


def _named_parts(text: str) -> Iterator[tuple[str, bytes]]:
    """Names of files and other parameters."""
    half = text[: len(text) // 2], text[len(text) // 2 :]
    forms = {
        "continued name": f'attachment; filename*0="{half[0]}"; filename*1="{half[1]}.txt"', "encoded continued name": f"attachment; filename*0*=utf-8''{quote(half[0])}; filename*1*={quote(half[1])}.txt",
        "name backwards": f'attachment; filename*1="{half[1]}.txt"; filename*0="{half[0]}"', "encoded name": f"attachment; filename*=utf-8''{quote(text)}.txt", "name in a charset": f"attachment; filename*=utf-16le''{quote(text.encode('utf-16-le'))}",
        "encoded word name": f'attachment; filename="=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="', "two names": f'attachment; filename="a.txt"; filename="{text}.txt"', "two kinds of names": f"attachment; filename=a.txt; filename*=utf-8''{quote(text)}.txt",
        "odd parameter": f'attachment; note="{text}"', "kind of disposition": f"{text}; filename=a.txt", "override in a name": f'attachment; filename="\u202e{text[::-1]}"',
    }  # fmt: skip
    for name, form in forms.items():
        yield f"part {name}", _multi("mixed", _part(_COVER), _part(b"x", more=f"Content-Disposition: {form}\r\n"))
    yield (
        "part name of the type",
        _multi("mixed", _part(_COVER), _part(b"x", f"application/pdf; name*=utf-8''{quote(text)}")),
    )
    yield "part id", _multi("related", _part(_COVER), _part(b"x", more=f"Content-ID: <{quote(text)}>\r\n"))
    yield "part description", _multi("mixed", _part(_COVER), _part(b"x", more=f"Content-Description: {text}\r\n"))
    yield (
        "part location",
        _multi("mixed", _part(_COVER), _part(b"x", more=f"Content-Location: https://b.example/{quote(text)}\r\n")),
    )
    yield "part subject", _multi("mixed", _part(_COVER), _part(b"x", more=f"Subject: {text}\r\n"))
    yield (
        "letters in names",
        _multi(
            "mixed",
            _part(_COVER),
            *(_part(b"x", more=f'Content-Disposition: attachment; filename="{word}.txt"\r\n') for word in text.split()),
        ),
    )
    yield "letters in parts", _multi("mixed", *(_part(letter.encode(), more="") for letter in text))
    yield "words in parts", _multi("mixed", *(_part(word.encode(), more="") for word in text.split()))
    yield (
        "words in attached parts",
        _multi(
            "mixed",
            _part(_COVER),
            *(
                _part(word.encode(), more=f"Content-Disposition: attachment; filename={at}.txt\r\n")
                for at, word in enumerate(text.split())
            ),
        ),
    )
    yield "words in alternatives", _multi("alternative", *(_part(word.encode(), more="") for word in text.split()))


def _structures(text: str) -> Iterator[tuple[str, bytes]]:
    data = text.encode()
    b64 = base64.encodebytes(data).replace(b"\n", b"\r\n")
    page = f"<p>{escape(text)}</p>".encode()
    plain = _part(data)
    for kind in (
        "x-mixed-replace",
        "byteranges",
        "header-set",
        "voice-message",
        "fax-message",
        "vnd.bint.med-plus",
        "mixed-odd",
        "MIXED",
        "alternative",
        "related",
        "digest",
    ):
        yield f"multipart {kind}", _multi(kind, _part(_COVER), plain)
    yield (
        "third alternative",
        _multi(
            "alternative", _part(_COVER), _part(b"<p>" + _COVER + b"</p>", "text/html"), _part(page, "text/watch-html")
        ),
    )
    yield (
        "enriched alternative",
        _multi("alternative", _part(data, "text/enriched"), _part(b"<p>" + _COVER + b"</p>", "text/html")),
    )
    yield (
        "amp alternative",
        _multi(
            "alternative", _part(_COVER), _part(page, "text/x-amp-html"), _part(b"<p>" + _COVER + b"</p>", "text/html")
        ),
    )
    yield (
        "calendar alternative",
        _multi(
            "alternative",
            _part(_COVER),
            _part(
                b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nCOMMENT:"
                + data
                + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                "text/calendar",
            ),
        ),
    )
    yield (
        "two pages",
        _multi("alternative", _part(_COVER), _part(page, "text/html"), _part(b"<p>" + _COVER + b"</p>", "text/html")),
    )
    yield (
        "frame of a part",
        _multi(
            "related",
            _part(b"<iframe src='cid:x'></iframe>", "text/html"),
            _part(page, "text/x-odd", "Content-ID: <x>\r\n"),
        ),
    )
    yield (
        "sheet of a part",
        _multi(
            "related",
            _part(b"<link rel=stylesheet href='cid:x'><p class=a>Practice</p>", "text/html"),
            _part(b".a::before{content:'" + data.replace(b"'", b"\\'") + b"'}", "text/css", "Content-ID: <x>\r\n"),
        ),
    )
    yield (
        "location of a part",
        _multi(
            "related",
            _part(b"<iframe src='x.html'></iframe>", "text/html"),
            _part(page, "text/html", "Content-Location: x.html\r\n"),
        ),
    )
    yield "before the first", _multi("mixed", _part(_COVER), before=data + b"\r\n")
    yield "after the last", _multi("mixed", _part(_COVER), after=data + b"\r\n")
    yield "boundary in quotes", _multi("mixed", plain, parameters='; boundary="\\q"')
    yield "boundary with a charset", _multi("mixed", plain, parameters="; boundary*=utf-8''q")
    yield "boundary in pieces", _multi("mixed", plain, parameters='; boundary*0=""; boundary*1=q')
    yield "boundary of single quotes", _multi("mixed", plain, parameters="; boundary='q'")
    yield "boundary and blank", _multi("mixed", plain, parameters="; boundary =  q")
    yield "boundary without a semicolon", _multi("mixed", plain, parameters=" boundary=q")
    yield "boundary by a comma", _multi("mixed", plain, parameters=", boundary=q")
    yield "boundary folded", _multi("mixed", plain, parameters=";\r\n\r\n boundary=q")
    yield (
        "empty boundary",
        _HEAD + b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n' + plain + b"\r\n----\r\n",
    )
    yield "encoded boundary", _multi("mixed", plain, parameters="; boundary==?utf-8?Q?q?=")
    yield "upper boundary", _multi("mixed", plain).replace(b"--q", b"--Q")
    yield "boundary with a tail", _multi("mixed", _part(_COVER)).replace(b"--q--", b"--q-- x\r\n" + plain)
    yield "closed at once", _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q--\r\n" + plain
    yield "closed twice", _multi("mixed", _part(_COVER), after=b"--q\r\n" + plain + b"\r\n--q--\r\n")
    yield (
        "inner boundary of the same beginning",
        _multi("mixed", b"Content-Type: multipart/mixed; boundary=qq\r\n\r\n--qq\r\n" + plain + b"\r\n--qq--\r\n"),
    )
    yield (
        "part without a header",
        _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\n" + data + b"\r\n--q--\r\n",
    )
    yield (
        "part without a blank line",
        _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n" + data + b"\r\n--q--\r\n",
    )
    yield "text as a header", _HEAD + b"Content-Type: text/plain\r\n" + data + b"\r\n\r\n" + _COVER
    yield "header without a body", _HEAD + b"X: " + data
    yield "base64 without padding", _HEAD + _part(b64.replace(b"=", b""), more="Content-Transfer-Encoding: base64\r\n")
    yield (
        "base64 for addresses",
        _HEAD + _part(base64.urlsafe_b64encode(data), more="Content-Transfer-Encoding: base64\r\n"),
    )
    yield (
        "base64 twice",
        _HEAD + _part(base64.b64encode(base64.b64encode(data)), more="Content-Transfer-Encoding: base64\r\n"),
    )
    yield (
        "base64 and text",
        _HEAD
        + _part(base64.b64encode(_COVER + b"..") + b"\r\n\r\n" + data, more="Content-Transfer-Encoding: base64\r\n"),
    )
    yield "text and base64", _HEAD + _part(b"Practice:\r\n\r\n" + b64, more="Content-Transfer-Encoding: 7bit\r\n")
    yield (
        "base64 of base64 lines",
        _HEAD
        + _part(
            b"\r\n".join(base64.b64encode(bytes([byte])) for byte in data), more="Content-Transfer-Encoding: base64\r\n"
        ),
    )
    for way in (
        "BASE64",
        "base64;",
        "base64 ",
        '"base64"',
        "base64 (x)",
        "x-base64",
        "base 64",
        "base64, 7bit",
        "=?utf-8?q?base64?=",
    ):
        yield f"way {way}", _HEAD + _part(b64, more=f"Content-Transfer-Encoding: {way}\r\n")
    for way in ("gzip", "x-gzip", "deflate", "br"):
        yield (
            f"packed {way}",
            _HEAD
            + _part(
                base64.encodebytes(gzip.compress(data)),
                more=f"Content-Encoding: {way}\r\nContent-Transfer-Encoding: base64\r\n",
            ),
        )
    for way in ("x-uuencode", "uuencode", "x-yenc", "mac-binhex40", "binary", "8bit", "quoted-printable", "x-odd", ""):
        yield f"plain as {way or 'nothing'}", _HEAD + _part(data, more=f"Content-Transfer-Encoding: {way}\r\n")
    yield (
        "small quoted",
        _HEAD
        + _part(
            "".join(f"={byte:02x}" for byte in data).encode(), more="Content-Transfer-Encoding: quoted-printable\r\n"
        ),
    )
    yield (
        "soft breaks",
        _HEAD
        + _part(b"=\r\n".join(bytes([byte]) for byte in data), more="Content-Transfer-Encoding: quoted-printable\r\n"),
    )
    yield (
        "soft breaks with blanks",
        _HEAD
        + _part(
            b"= \t\r\n".join(bytes([byte]) for byte in data), more="Content-Transfer-Encoding: quoted-printable\r\n"
        ),
    )
    yield (
        "bare soft breaks",
        _HEAD
        + _part(b"=\n".join(bytes([byte]) for byte in data), more="Content-Transfer-Encoding: quoted-printable\r\n"),
    )
    yield (
        "quoted twice",
        _HEAD
        + _part(
            quopri.encodestring("".join(f"={byte:02X}" for byte in data).encode()),
            more="Content-Transfer-Encoding: quoted-printable\r\n",
        ),
    )
    yield "quoted undeclared", _HEAD + _part("".join(f"={byte:02X}" for byte in data).encode(), more="")
    yield "flowed", _HEAD + _part(data.replace(b" ", b" \r\n"), "text/plain; format=flowed")
    yield (
        "flowed in words",
        _HEAD
        + _part(
            b" \r\n".join(data[at : at + 3] for at in range(0, len(data), 3)), "text/plain; format=flowed; delsp=yes"
        ),
    )
    for charset in _CHARSETS:
        yield f"charset {charset}", _HEAD + _part(data, f"text/plain; charset={charset}")
    for charset in (
        "utf-16-le",
        "utf-16-be",
        "utf-32-be",
        "utf-7",
        "cp037",
        "cp500",
        "cp1026",
        "iso2022_jp",
        "gb18030",
        "utf-16",
    ):
        encoded = text.encode(charset, "replace")
        for label in ("us-ascii", "utf-8", "utf-16", "windows-1252"):
            yield (
                f"{charset} as {label}",
                _HEAD
                + _part(
                    base64.encodebytes(encoded), f"text/plain; charset={label}", "Content-Transfer-Encoding: base64\r\n"
                ),
            )
            yield (
                f"page {charset} as {label}",
                _HEAD
                + _part(
                    base64.encodebytes(f"<html><body><p>{escape(text)}</p></body></html>".encode(charset, "replace")),
                    f"text/html; charset={label}",
                    "Content-Transfer-Encoding: base64\r\n",
                ),
            )
    yield (
        "page with a charset inside",
        _HEAD + _part(b"<meta charset=utf-7><p>" + text.encode("utf-7") + b"</p>", "text/html"),
    )
    for kind in _TYPES:
        yield f"type {kind or 'none'}", _multi("mixed", _part(_COVER), _part(data, kind))
        yield f"only {kind or 'none'}", _HEAD + _part(data, kind)
    for mark in (
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"GIF89a",
        b"%PDF-1.4 ",
        b"PK\3\4",
        b"\x1f\x8b",
        b"{\\rtf1 ",
        b"<?xml?>",
        b"From x ",
        b"#!",
        b"\0",
        b"BEGIN:VCARD\r\n",
        b"-----BEGIN PGP SIGNATURE-----\r\n",
    ):
        yield f"behind {mark!r}", _HEAD + _part(mark + data)
    yield "mail in mails", _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 6 + plain
    yield "mail in many mails", _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 60 + plain
    yield "many parts", _multi("mixed", *([_part(_COVER)] * 400), plain)
    yield "long line", _HEAD + _part(b"x" * 20_000 + b" " + data)
    yield "long header", _FROM + b"X-A: " + b"x" * 70_000 + b"\r\nSubject: " + data + b"\r\n\r\n" + _COVER
    yield "many fields", _FROM + b"X-A: b\r\n" * 3_000 + b"Subject: " + data + b"\r\n\r\n" + _COVER
    yield "bare returns", _HEAD.replace(b"\r\n", b"\r") + b"\r" + data
    yield "bare feeds", _HEAD.replace(b"\r\n", b"\n") + b"\n" + data
    yield "mixed ends", _HEAD + b"\n\r\n" + data
    yield "null in the header", _FROM + b"Subject: a\0" + data + b"\r\n\r\n" + _COVER
    yield "blank line of blanks", _HEAD + b"Content-Type: text/html\r\n \r\n" + page
    yield "no header", data
    yield "only a from line", b"From a@b Mon Nov  3 12:00:00 2025\r\n\r\n" + data
    yield "dots", _HEAD + _part(b"\r\n".join(b"." + word for word in data.split()))
    yield "mailbox lines", _HEAD + _part(b"\r\n".join(b">From " + word for word in data.split()))


def wrapped(text: str) -> Iterator[tuple[str, bytes]]:
    """What each mail is called, and its content."""
    yield from fields(text)
    yield from _named_parts(text)
    yield from _structures(text)
