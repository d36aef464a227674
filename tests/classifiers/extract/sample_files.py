"""Mails with attached files for the tests of extraction."""

from __future__ import annotations

import io
import struct
import zipfile
from email.message import EmailMessage
from email.policy import SMTP

from PIL import Image
from pypdf import PdfWriter

from classifiers.extract.extraction import extract_message
from classifiers.extract.quoting import PassageKind

DOCX = (
    '<w:document xmlns:w="x"><w:body><w:p><w:r><w:t>Our sec</w:t></w:r><w:r><w:t>ret &amp; more</w:t></w:r></w:p>'
    "<w:p><w:r><w:t>next</w:t></w:r></w:p></w:body></w:document>"
)


def mail(text: str = "Hello", **files: tuple[str, bytes]) -> bytes:
    """A mail with attached files; `_` in their names stands for a dot."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "About the quiz"
    message.set_content(text)
    for name, (media_type, data) in files.items():
        main, _, sub = media_type.partition("/")
        message.add_attachment(data, main, sub, filename=name.replace("_", "."))
    return message.as_bytes()


def zipped(**entries: str | bytes) -> bytes:
    """A ZIP archive; in names `__` stands for a slash, `_` for a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), data)
    return out.getvalue()


def pdf(password: str = "") -> bytes:
    """A PDF of one page, encrypted if there is a password."""
    text = b"BT /F1 12 Tf 50 700 Td (Meet me alone) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table)
    if not password:
        return out.getvalue()
    writer = PdfWriter(clone_from=io.BytesIO(out.getvalue()))
    writer.encrypt(password, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def attached(content: bytes) -> str:
    """The text of the attached files of a mail."""
    return "\n".join(
        passage.text for passage in extract_message(content).passages if passage.kind is PassageKind.ATTACHED
    )


def locked_zip() -> bytes:
    """A ZIP archive whose entry is marked as encrypted."""
    data = bytearray(zipped(note_txt="x"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def photo(media: str = "JPEG", size: tuple[int, int] = (320, 240)) -> bytes:
    """A picture of many colors."""
    image = Image.effect_noise(size, 90).convert("RGB")
    out = io.BytesIO()
    image.save(out, media)
    return out.getvalue()


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file (OLE) with these streams in its root, each padded to the size of regular streams."""
    sector = 512
    blocks: list[bytes] = []
    table: list[int] = []

    def add(data: bytes) -> int:
        begin = len(blocks)
        count = max(-(-len(data) // sector), 1)
        for at in range(count):
            blocks.append(data[at * sector : (at + 1) * sector].ljust(sector, b"\0"))
            table.append(begin + at + 1 if at + 1 < count else 0xFFFFFFFE)
        return begin

    entries = []
    for number, (name, data) in enumerate(sorted(streams.items(), key=lambda item: (len(item[0]), item[0].upper()))):
        body = data.ljust(4096, b"\0")
        right = number + 2 if number + 1 < len(streams) else 0xFFFFFFFF
        encoded = name.encode("utf-16-le") + b"\0\0"
        entries.append(
            encoded.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(encoded), 2, 1, 0xFFFFFFFF, right, 0xFFFFFFFF)
            + bytes(36) + struct.pack("<IQ", add(body), len(body))
        )  # fmt: skip
    root = "Root Entry".encode("utf-16-le") + b"\0\0"
    first = root.ljust(64, b"\0") + struct.pack("<HBBIII", len(root), 5, 1, 0xFFFFFFFF, 0xFFFFFFFF, 1)
    directory = add(b"".join([first + bytes(36) + struct.pack("<IQ", 0xFFFFFFFE, 0), *entries]))
    count = -(-(len(table) + 1) // 128)
    places = list(range(len(blocks), len(blocks) + count))
    fat = struct.pack(f"<{len(table) + count}I", *table, *([0xFFFFFFFD] * count)).ljust(count * sector, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, count, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *places, *([0xFFFFFFFF] * (109 - count)))
    return header + b"".join(blocks) + fat


def word_97(text: str, flags: int = 0, hidden: tuple[int, int] = (0, 0), properties: bytes = b"\x3c\x08\x01") -> bytes:
    """A binary Word document with one piece of text. `hidden`: a range of its letters that has these properties."""
    body = text.encode("utf-16-le")
    start = 0x600
    document = bytearray(start + len(body))
    struct.pack_into("<HH", document, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", document, 10, 0x0200 | flags)
    document[start:] = body
    pieces = struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, start, 0)
    clx = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", document, 0x1A2, 0, len(clx))
    places = [start + 2 * at for at in (0, *hidden, len(text))]
    struct.pack_into("<4I3B", document, 0x200, *places, 0, 16, 0)  # a page of runs
    document[0x220 : 0x221 + len(properties)] = bytes((len(properties),)) + properties
    document[0x3FF] = 3
    struct.pack_into("<II", document, 0xFA, len(clx), 12)
    clx += struct.pack("<III", start, start + len(body), 1)
    return compound({"WordDocument": bytes(document), "1Table": clx})
