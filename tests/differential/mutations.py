"""Mails that are changed in the places where mail programs disagree, by a seed."""

from __future__ import annotations

import base64
import quopri
import random
import re
from collections.abc import Callable

from tests.differential.secrets import secret
from tests.differential.structures import STRUCTURES

Change = Callable[[random.Random, bytes], bytes]


def mutate(rng: random.Random, content: bytes) -> bytes:
    """A mail with one to four changes."""
    for _ in range(rng.randint(1, 4)):
        content = rng.choice(CHANGES)(rng, content)
    return content


def _lines(content: bytes) -> list[bytes]:
    return content.split(b"\r\n")


def _at_header_line(rng: random.Random, content: bytes, line: bytes) -> bytes:
    lines = _lines(content)
    end = lines.index(b"") if b"" in lines else len(lines)
    lines.insert(rng.randint(0, end), line)
    return b"\r\n".join(lines)


def _at_any_line(rng: random.Random, content: bytes, line: bytes) -> bytes:
    lines = _lines(content)
    lines.insert(rng.randint(0, len(lines)), line)
    return b"\r\n".join(lines)


def stray_line(rng: random.Random, content: bytes) -> bytes:
    """A header line that is no field, or an odd one."""
    text = secret(rng)
    return _at_header_line(
        rng,
        content,
        rng.choice([text, b" ", b"\t", b" " + text, text + b" :x", b"X-Odd : " + text, b":" + text, b"\0"]),
    )


def stray_field(rng: random.Random, content: bytes) -> bytes:
    """A second field of the structure."""
    return _at_header_line(
        rng,
        content,
        rng.choice(
            [
                b"Content-Type: text/plain",
                b"Content-Type: text/html; charset=utf-8",
                b"Content-Type: multipart/mixed",
                b"Content-Type: application/octet-stream",
                b"Content-Transfer-Encoding: base64",
                b'Content-Type: multipart/mixed; boundary="sep"',
                b"Content-Transfer-Encoding: quoted-printable",
                b"Content-Transfer-Encoding: 8bit",
                b"Content-Transfer-Encoding: x-unknown",
                b"Content-Type: text",
                b"Content-Disposition: attachment; filename=a.txt",
                b"Subject: " + secret(rng),
                b"From: " + secret(rng) + b" <a@b.example>",
                b"Content-Type: message/rfc822",
                b"Content-Type: image/png",
            ]
        ),
    )


def drop_line(rng: random.Random, content: bytes) -> bytes:
    """Without one line, more often an empty or a structural one."""
    lines = _lines(content)
    odd = [at for at, line in enumerate(lines) if not line or line.startswith(b"--") or b"ontent-" in line]
    del lines[rng.choice(odd) if odd and rng.random() < 0.7 else rng.randrange(len(lines))]
    return b"\r\n".join(lines) or b"\r\n"


def repeat_line(rng: random.Random, content: bytes) -> bytes:
    """One structural line twice, at another place."""
    lines = _lines(content)
    odd = [line for line in lines if not line or line.startswith(b"--") or b"ontent-" in line] or lines
    lines.insert(rng.randint(0, len(lines)), rng.choice(odd))
    return b"\r\n".join(lines)


def change_boundary(rng: random.Random, content: bytes) -> bytes:
    """The boundary parameter differently: quoted, doubled, in pieces, cut, or missing."""

    def other(found: re.Match[bytes]) -> bytes:
        name = found[1].strip(b'"')
        half = len(name) // 2
        return rng.choice(
            [
                b"boundary=" + name,
                b'boundary="' + name + b'"; boundary="sep"',
                b'boundary="sep"; boundary="' + name + b'"',
                b'boundary*0="' + name[:half] + b'"; boundary*1="' + name[half:] + b'"',
                b"boundary*=utf-8''" + name,
                b'boundary="sep"; boundary*0="' + name + b'"',
                b'boundary = "' + name + b'"',
                b"boundary='" + name + b"'",
                b'boundary="' + name,
                b'boundary="' + name + b' "',
                b"boundary=(x)" + name,
                b"bound=" + name,
                b"boundary=",
                b'boundary="' + name[:-1] + b'"',
                b'boundary="\\' + name + b'"',
                b'Boundary="' + name.upper() + b'"',
            ]
        )

    return re.sub(rb'boundary="?([^";\r\n]*)"?', other, content, count=1, flags=re.IGNORECASE)


def around_boundaries(rng: random.Random, content: bytes) -> bytes:
    """Text or another part before the first boundary, after the last, or beside one."""
    marks = list(re.finditer(rb"(?m)^--[^\r\n]+(?=\r$)", content))
    part = b"Content-Type: text/plain\r\n\r\n" + secret(rng)
    if not marks:
        return content + b"\r\n" + secret(rng) + b"\r\n"
    mark = rng.choice(marks)
    name = mark[0].removesuffix(b"--")
    piece = rng.choice(
        [
            secret(rng) + b"\r\n" + mark[0],
            mark[0] + b"\r\n" + secret(rng),
            name + b"--\r\n" + part + b"\r\n" + mark[0],
            name + b"\r\n" + part + b"\r\n" + mark[0],
            mark[0] + secret(rng),
            mark[0] + b" ",
            name + b"--" + mark[0],
            b" " + mark[0],
            mark[0] + b"\r\n\r\n" + part,
            name + b"x\r\n" + part + b"\r\n" + mark[0],
        ]
    )
    content = content[: mark.start()] + piece + content[mark.end() :]
    if rng.random() < 0.4:
        content += rng.choice([b"\r\n" + secret(rng), b"\r\n" + name + b"\r\n" + part + b"\r\n" + name + b"--\r\n"])
    return content


def change_encoding(rng: random.Random, content: bytes) -> bytes:
    """Another declared encoding, or an odd way to write it."""
    value = rng.choice(
        [
            b"base64",
            b"quoted-printable",
            b"7bit",
            b"8bit",
            b"binary",
            b"x-uuencode",
            b"Base64 ",
            b'"base64"',
            b"base64;",
            b"(comment) base64",
            b"base64 (comment)",
            b"quoted-printable, base64",
            b"(comment) quoted-printable",
            b'"quoted-printable"',
            b"utf-8",
            b"",
            b"quoted_printable",
        ]
    )
    return re.sub(rb"(?i)(content-transfer-encoding:)[^\r\n]*", lambda found: found[1] + b" " + value, content, count=1)


def encode_body(rng: random.Random, content: bytes) -> bytes:
    """The body encoded, whatever the header says; perhaps with damage and more text in it."""
    head, line, body = content.partition(b"\r\n\r\n")
    text = secret(rng)
    if rng.random() < 0.4:
        body = (
            quopri.encodestring(body[:3000] + text)
            .replace(b"\n", b"\r\n")
            .replace(text[4:8], b"".join(b"=%02X" % c for c in text[4:8]))
        )
        name = b"quoted-printable"
    else:
        data = base64.encodebytes(body[:3000]).replace(b"\n", b"\r\n")
        more = base64.encodebytes(text).replace(b"\n", b"\r\n")
        damage = rng.choice([b"", b"==\r\n", b"*!*", b"=", b"-- \r\n", b"\r\n\r\n", b"A", b"\xff", b"~\r\n"])
        body, name = (
            rng.choice([data + damage + more, more + damage + data, damage + more, data + b"\r\n" + text]),
            b"base64",
        )
    if rng.random() < 0.6:
        head = re.sub(rb"(?im)^content-transfer-encoding:[^\r\n]*\r\n", b"", head + b"\r\n").removesuffix(b"\r\n")
        head += b"\r\nContent-Transfer-Encoding: " + name
    return head + line + body


def change_charset(rng: random.Random, content: bytes) -> bytes:
    """Another charset label."""
    name = rng.choice(
        [
            b"utf-7",
            b"utf-16",
            b"us-ascii",
            b"x-unknown",
            b"ibm037",
            b"utf8",
            b"iso-2022-jp",
            b"hz-gb-2312",
            b'"utf-8',
            b"unicode-1-1-utf-7",
            b"windows-1251; charset=utf-8",
            b"koi8_r",
            b"",
            b"gb2312",
            b"utf-8''x",
            b"cp500",
        ]
    )
    return re.sub(rb'(?i)charset="?[^";\s]*"?', lambda _: b"charset=" + name, content, count=1)


def change_type(rng: random.Random, content: bytes) -> bytes:
    """Another media type for one entity."""
    types = list(re.finditer(rb"(?im)^content-type:[ \t]*([^;\r\n]*)", content))
    if not types:
        return _at_header_line(rng, content, b"Content-Type: text/html")
    found = rng.choice(types)
    value = rng.choice(
        [
            b"text/plain",
            b"text/html",
            b"multipart/mixed",
            b"multipart/x-odd",
            b"multipart",
            b"text",
            b"TEXT/PLAIN",
            b"x/y",
            b"message/rfc822",
            b"multipart / mixed",
            b"text/plain (comment)",
            b"multipart/digest",
            b"text/enriched",
            b"/",
            b"application/octet-stream",
            b"multipart/alternative",
            b"message/partial; id=1",
            b"text/plain, text/html",
        ]
    )
    return content[: found.start(1)] + value + content[found.end(1) :]


def nest(rng: random.Random, content: bytes) -> bytes:
    """The mail attached to another one, perhaps encoded."""
    way = rng.choice(["", "8bit", "base64", "quoted-printable"])
    inner = content
    if way == "base64":
        inner = base64.encodebytes(content).replace(b"\n", b"\r\n")
    elif way == "quoted-printable":
        inner = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    field = b"Content-Transfer-Encoding: " + way.encode() + b"\r\n" if way else b""
    return (
        b"Subject: fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=sep\r\n\r\n"
        b"--sep\r\n\r\nsee below\r\n"
        b"--sep\r\nContent-Type: message/rfc822\r\n" + field + b"\r\n" + inner + b"\r\n--sep--\r\n"
    )


def damage(rng: random.Random, content: bytes) -> bytes:
    """Bytes replaced, removed, cut off or moved."""
    at = rng.randrange(len(content) + 1)
    to = min(len(content), at + rng.randint(0, 200))
    piece = bytes(rng.randrange(256) for _ in range(rng.randint(0, 4)))
    return rng.choice(
        [
            content[:at] + piece + content[at + 1 :],
            content[:at] + content[to:],
            content[:at] or b"x",
            content[:to] + content[at:],
        ]
    )


def hidden_line(rng: random.Random, content: bytes) -> bytes:
    """A sentence at any line."""
    return _at_any_line(rng, content, secret(rng))


CHANGES: tuple[Change, ...] = (
    stray_line,
    stray_field,
    drop_line,
    repeat_line,
    change_boundary,
    around_boundaries,
    change_encoding,
    encode_body,
    change_charset,
    change_type,
    nest,
    damage,
    hidden_line,
    *STRUCTURES,
)
