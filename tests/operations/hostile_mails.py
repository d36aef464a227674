"""Mails that are expensive to read, each of another kind: seeded, so that a failure can be repeated."""

from __future__ import annotations

import base64
import io
import random
import zipfile
import zlib
from collections.abc import Callable, Sequence

FIRST_LINES = "From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nMessage-ID: <{name}@hostile.example>\r\n"


PIECES = (
    "hsl(", "<!--", "<![CDATA[", "&#", "<a href=", "=?utf-8?Q?", "(((", "url(", "/*", "--x\r\n", "<svg>",
    "begin 644 ", "-----BEGIN PGP MESSAGE-----\r\n",
)  # fmt: skip
"""Beginnings without an end, which patterns of quadratic cost look for again and again."""

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def _mail(body: str, fields: str = "") -> str:
    return f"MIME-Version: 1.0\r\n{fields}\r\n{body}\r\n"


def _html(source: str) -> str:
    return _mail(source, "Content-Type: text/html; charset=utf-8\r\n")


def _attached(name: str, media_type: str, data: bytes, text: str = "See the file.") -> str:
    encoded = base64.encodebytes(data).decode().replace("\n", "\r\n")
    return _mail(
        f"--b1\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b1\r\nContent-Type: {media_type}; name={name}\r\n"
        f"Content-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{encoded}\r\n--b1--",
        "Content-Type: multipart/mixed; boundary=b1\r\n",
    )


def _nested_parts(chance: random.Random) -> str:
    depth = chance.randrange(200, 1500)
    opened = "".join(f"--n{n}\r\nContent-Type: multipart/mixed; boundary=n{n + 1}\r\n\r\n" for n in range(depth))
    return _mail(f"{opened}--n{depth}\r\n\r\ntext", "Content-Type: multipart/mixed; boundary=n0\r\n")


def _nested_messages(chance: random.Random) -> str:
    inner = "Content-Type: message/rfc822\r\n\r\n" * chance.randrange(500, 4000)
    return _mail(f"{inner}Subject: x\r\n\r\nhello", "Content-Type: message/rfc822\r\n")


def _many_parts(chance: random.Random) -> str:
    parts = "--p\r\nContent-Type: text/html\r\n\r\n<p>one</p>\r\n" * chance.randrange(3000, 12000)
    return _mail(f"{parts}--p--", "Content-Type: multipart/mixed; boundary=p\r\n")


def _deep_html(chance: random.Random) -> str:
    return _html("<div><b><i>" * chance.randrange(20_000, 80_000) + "deep")


def _style_sheets(chance: random.Random) -> str:
    rules = "".join(
        f".c{n} > .d{n} ~ a[b='{n}']:not(.e) {{ color: hsl({n},1%,2%); margin: {n}px }}\n" for n in range(9000)
    )
    return _html("<style>" + rules + "</style>" + "<p class='c1 d1 c2'>word</p>" * chance.randrange(2000, 6000))


def _many_sheets(chance: random.Random) -> str:
    return _html("<style>p{color:red}</style><p>a</p>" * chance.randrange(5000, 15000))


def _quadratic(chance: random.Random) -> str:
    piece = chance.choice(PIECES)
    return _html(f"<style>a{{b:{piece * 60_000}" if chance.random() < 0.5 else piece * 60_000)


def _long_digits(chance: random.Random) -> str:
    return _html(f"&#{'9' * chance.randrange(5000, 500_000)};" * 3)


def _zip_bomb(chance: random.Random) -> str:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(chance.randrange(1, 6)):
            archive.writestr(f"{number}.txt", b"a b " * (8 << 20))
    return _attached("homework.zip", "application/zip", data.getvalue())


def _word_bomb(chance: random.Random) -> str:
    data = io.BytesIO()
    text = "<w:p><w:r><w:t>word </w:t></w:r></w:p>" * chance.randrange(400_000, 900_000)
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"<w:document xmlns:w='w'><w:body>{text}</w:body></w:document>")
    return _attached("essay.docx", WORD, data.getvalue())


def _entities(_: random.Random) -> str:
    lines = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12))
    return _attached("x.svg", "image/svg+xml", f"<!DOCTYPE a [<!ENTITY e0 'ha'>{lines}]><a>&e11;</a>".encode())


def _pdf(chance: random.Random) -> str:
    page = zlib.compress(b"BT (word) Tj ET\n" * (2 << 20))
    objects = b"".join(
        b"%d 0 obj <</Length %d/Filter/FlateDecode>> stream\n%s\nendstream endobj\n" % (n, len(page), page)
        for n in range(1, chance.randrange(5, 40))
    )
    return _attached("paper.pdf", "application/pdf", b"%PDF-1.7\n" + objects + b"trailer <</Root 1 0 R>>\n%%EOF")


def _long_text(chance: random.Random) -> str:
    words = [f"w{chance.randrange(10**6)}" for _ in range(5000)]
    return _mail("\r\n".join(" ".join(chance.choices(words, k=12)) for _ in range(chance.randrange(5000, 20_000))))


def _one_line(chance: random.Random) -> str:
    return _mail("\r\n".join(chance.choice("a.>- \t") * 900 for _ in range(chance.randrange(500, 2000))))


KINDS: Sequence[Callable[[random.Random], str]] = (
    _nested_parts, _nested_messages, _many_parts, _deep_html, _style_sheets, _many_sheets, _quadratic, _long_digits,
    _zip_bomb, _word_bomb, _entities, _pdf, _long_text, _one_line,
)  # fmt: skip


def hostile_mails(sender: str, recipient: str, count: int, seed: int) -> list[bytes]:
    """This many mails, of every kind in turn."""
    chance = random.Random(seed)
    return [
        (
            FIRST_LINES.format(sender=sender, recipient=recipient, subject="Homework", name=f"{seed}.{number}")
            + KINDS[number % len(KINDS)](chance)
        ).encode()
        for number in range(count)
    ]


def with_hostile_file(sender: str, recipient: str, text: str, name: str) -> bytes:
    """A short text beside a file that is expensive to read."""
    chance = random.Random(1)
    data = zlib.compress(b"BT (word) Tj ET\n" * (4 << 20))
    objects = b"".join(
        b"%d 0 obj <</Length %d/Filter/FlateDecode>> stream\n%s\nendstream endobj\n" % (n, len(data), data)
        for n in range(1, chance.randrange(30, 40))
    )
    pdf = b"%PDF-1.7\n" + objects + b"trailer <</Root 1 0 R>>\n%%EOF"
    head = FIRST_LINES.format(sender=sender, recipient=recipient, subject="hello", name=name)
    return (head + _attached("a.pdf", "application/pdf", pdf, text)).encode()
