"""What programs show of containers beside their files: names of people, signers and files, notes, buttons."""

from __future__ import annotations

import base64
import io
import struct
import tarfile
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import zipped
from tests.classifiers.extract.test_armor import armored

SENTENCE = "meet me alone behind the gym tonight and tell nobody about us"
WORDS = SENTENCE.split()


def tarred(names: tuple[str, ...] = ("a.txt",), **fields: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 4
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.addfile(entry, io.BytesIO(b"plan"))
    return out.getvalue()


def attribute(number: int, value: bytes, kind: int = 6) -> bytes:
    return struct.pack("<BHHI", 1, number, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def winmail(*attributes: bytes) -> bytes:
    text = attribute(0x8004, b"Practice\0", 1) + attribute(0x800C, b"Practice is at four.\0", 1)
    return b"\x78\x9f\x3e\x22\x01\x00" + text + b"".join(attributes)


def properties(number: int, kind: int, *values: bytes) -> bytes:
    named = bytes(16) + struct.pack("<II", 0, 1) if number >= 0x8000 else b""
    padded = b"".join(struct.pack("<I", len(value)) + value + bytes(-len(value) % 4) for value in values)
    return struct.pack("<IHH", 1, kind, number) + named + struct.pack("<I", len(values)) + padded


def wide(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def sequence(tag: int, value: bytes) -> bytes:
    return bytes([tag, 0x81, len(value)]) + value if len(value) > 127 else bytes([tag, len(value)]) + value


def packet(tag: int, value: bytes) -> bytes:
    return bytes([0xC0 | tag, len(value)]) + value


RTF = b"{\\rtf1 practice}"
PACKED_RTF = struct.pack("<II4sI", len(RTF) + 12, len(RTF), b"MELA", 0) + RTF
KEY = packet(6, b"\4" + bytes(range(100))) + packet(13, SENTENCE.encode())
FILES: dict[str, bytes] = {
    "owner.tar": tarred(uname="meet me alone behind the gym")[:-4],
    "note.tar": tarred(pax_headers={"SCHILY.xattr.user.note": SENTENCE}),
    "end.tar": tarred() + SENTENCE.encode(),
    "between.tar": tarred().replace(b"plan", b"plan" + SENTENCE.encode(), 1)[: len(tarred())],
    "names.tar": tarred(tuple(f"{at:02} {word}.txt" for at, word in enumerate(WORDS))),
    "names.zip": zipped(**{f"{at:02} {word}_txt": "x" for at, word in enumerate(WORDS)}),
    "address_book.ldif": "".join(
        f"dn: cn={at}\ncn:: {base64.b64encode(word.encode()).decode()}\n\n" for at, word in enumerate(WORDS)
    ).encode(),
    "returns.mbox": b"From a@b Mon Nov  3 12:00:00 2025\rFrom: a@b\rContent-Transfer-Encoding: base64\r\r"
    + base64.b64encode(SENTENCE.encode()),
    "recipient.dat": winmail(attribute(0x9004, struct.pack("<I", 1) + properties(0x3001, 0x1F, wide(SENTENCE)))),
    "second recipient.dat": winmail(
        attribute(
            0x9004,
            struct.pack("<I", 2) + properties(0x3001, 0x1F, wide("Liam")) + properties(0x3001, 0x1F, wide(SENTENCE)),
        )
    ),
    "categories.dat": winmail(attribute(0x9003, properties(0x8001, 0x101F, *map(wide, WORDS)))),
    "voting buttons.dat": winmail(attribute(0x9003, properties(0x8520, 0x102, b"\x02\x01" + SENTENCE.encode()))),
    "body of another type.dat": winmail(attribute(0x800C, SENTENCE.encode(), 6)),
    "sender.dat": winmail(attribute(0x8000, b"\4\0\0\0" + SENTENCE.encode() + b"\0SMTP:a@b\0", 0)),
    "two bodies.dat": winmail(
        attribute(0x9003, properties(0x1009, 0x102, PACKED_RTF.replace(b"practice", b"meet me "), PACKED_RTF))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_a_container_says_is_read(name):
    found = read(name, FILES[name]).everything
    assert (SENTENCE[:7] if name.startswith(("two", "owner")) else SENTENCE) in found


@pytest.mark.parametrize("charset", ["utf-8", "utf-16-be", "utf-16-le"])
def test_the_name_of_a_signer_is_read(charset):
    data = sequence(0x30, sequence(0x0C, SENTENCE.encode(charset)))
    found = read("smime.p7s", data, "application/pkcs7-signature")
    assert SENTENCE[:-1] in found.hidden
    assert found.failed == ()


@pytest.mark.parametrize("media_type", ["application/pgp-keys", "text/plain"])
def test_the_owner_of_a_key_is_read(media_type):
    head = f'Subject: x\r\nContent-Type: {media_type}\r\nContent-Disposition: attachment; filename="key.asc"\r\n\r\n'
    message = extract_message((head + armored("PUBLIC KEY BLOCK", KEY).replace("\n", "\r\n")).encode())
    assert any(SENTENCE in passage.text for passage in message.passages)
    assert message.failed == ()


@pytest.mark.parametrize("place", ["zip", "mail"])
def test_letters_in_names_of_files_are_read_together(place):
    names = [f"{at:02} {letter}" for at, letter in enumerate(SENTENCE)]
    if place == "zip":
        found = read("a.zip", zipped(**dict.fromkeys(names, "x"))).everything
    else:
        parts = "".join(f'--q\r\nContent-Type: image/x-icon; name="{name}.ico"\r\n\r\nx\r\n' for name in names)
        message = extract_message(f"Content-Type: multipart/mixed; boundary=q\r\n\r\n{parts}--q--\r\n".encode())
        found = "\n".join(passage.text for passage in message.passages)
    assert SENTENCE in found


HONEST: dict[str, Callable[[], bytes]] = {
    "pages.zip": lambda: zipped(**{f"{at:03}_png": "x" for at in range(40)}),
    "photos.zip": lambda: zipped(**{f"IMG_{at:04}_JPG": "x" for at in range(40)}),
    "chapters.zip": lambda: zipped(**{f"{at:02} Chapter {at}_txt": "x" for at in range(20)}),
    "home.tar": lambda: tarred(tuple(f"src/{name}.c" for name in "main parse read write close".split()), uname="dana"),
    "calls.dat": lambda: winmail(attribute(0x9003, properties(0x8001, 0x101F, *map(wide, ("Red", "Blue", "School"))))),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_names_of_ordinary_files_say_nothing(name):
    found = read(name, HONEST[name]())
    assert found.hidden == ""
    assert found.failed == ()
