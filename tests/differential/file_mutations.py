"""Broken and hostile files for the readers: mutations of good ones, and inputs that grow."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator

from tests.classifiers.extract.sample_files import compound, mail, pdf, photo, word_97, zipped
from tests.differential.office_files import docx, odt, rtf, xlsx

CALENDAR = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY;LANGUAGE=en:meet me\r\nX-NOTE:alone\\, tonight\r\n"
    b'ATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY:dGVsbCBub2JvZHk=\r\nATTENDEE;CN="Dana: K":mailto:a@b.example'
    b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CONTACT = (
    b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Da=\r\nna=20K\r\nPHOTO;ENCODING=b;TYPE=JPEG:\r\n"
    b" /9j/\r\nitem1.X-ABLABEL:label\r\nNOTE:folded\r\n  line\r\nEND:VCARD\r\n"
)


def _tnef() -> bytes:
    def attribute(number: int, kind: int, value: bytes) -> bytes:
        return struct.pack("<BHHI", 1, number, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    subject = "secret plan".encode("utf-16-le") + b"\0\0"
    properties = struct.pack("<IHHII", 1, 0x1F, 0x37, 1, len(subject)) + subject.ljust(-(-len(subject) // 4) * 4, b"\0")
    return (
        b"\x78\x9f\x3e\x22\x01\x00" + attribute(0x9003, 6, properties) + attribute(0x9002, 6, bytes(14))
        + attribute(0x8010, 1, b"note.txt\0") + attribute(0x800F, 6, b"tell nobody about it")
    )  # fmt: skip


SEVEN_ZIP = base64.b64decode(
    "N3q8ryccAASIg7buGgAAAAAAAABaAAAAAAAAAPIGCQkBABVtZWV0IG1lIGFsb25lIHRvbmlnaHQKAAEEBgABCRoABwsBAAEhIQEADBYACAoBSUab"
    "RAAABQEZDAAAAAAAAAAAAAAAABETAG4AbwB0AGUALgB0AHgAdAAAABkAFAoBAN+miD6ggN0BFQYBACCApIEAAA=="
)
"""An archive that p7zip wrote."""


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("note.txt")
        entry.size = 11
        archive.addfile(entry, io.BytesIO(b"tell nobody"))
    return out.getvalue()


def _msg() -> bytes:
    return compound(
        {
            "__substg1.0_0037001F": "a subject".encode("utf-16-le"),
            "__substg1.0_1000001F": "the body of it".encode("utf-16-le"),
            "__substg1.0_10090102": struct.pack("<II4sI", 60, 40, b"LZFu", 0) + b"\x00abcdefgh\x00ijklmnop",
        }
    )


def _xls() -> bytes:
    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    strings = (
        struct.pack("<II", 2, 2)
        + struct.pack("<HB", 5, 0)
        + b"hello"
        + struct.pack("<HB", 4, 1)
        + "word".encode("utf-16-le")
    )
    cells = record(0xFD, struct.pack("<HHHI", 0, 0, 0, 0)) + record(0xFD, struct.pack("<HHHI", 0, 1, 0, 1))
    return compound(
        {"Workbook": record(0x809, struct.pack("<HH", 0x600, 5) + bytes(12)) + record(0xFC, strings) + cells}
    )


def _ppt() -> bytes:
    text = "a slide".encode("utf-16-le")
    atom = struct.pack("<HHI", 0, 0x0FA0, len(text)) + text
    return compound({"PowerPoint Document": struct.pack("<HHI", 0x0F, 0x03E8, len(atom)) + atom})


def seeds() -> dict[str, bytes]:
    """One good file of every kind."""
    return {
        "a.docx": docx(1).data, "a.xlsx": xlsx(1).data, "a.odt": odt(4).data, "a.fodt": odt(2).data, "a.rtf": rtf(1).data,
        "a.pdf": pdf(), "a.ics": CALENDAR, "a.vcf": CONTACT, "a.doc": word_97("words of a document"), "a.xls": _xls(),
        "a.ppt": _ppt(), "a.msg": _msg(), "winmail.dat": _tnef(), "a.zip": zipped(note_txt="tell nobody", a_rtf=rtf(2).data),
        "a.7z": SEVEN_ZIP,
        "a.tar": _tar(), "a.gz": gzip.compress(b"tell nobody"), "a.bz2": bz2.compress(b"tell nobody"),
        "a.xz": lzma.compress(b"tell nobody"), "a.eml": mail("tell nobody", a_txt=("text/plain", b"about it")),
        "a.png": photo("PNG", (40, 40)), "a.jpg": photo("JPEG", (40, 40)), "a.gif": photo("GIF", (40, 40)),
        "a.html": b"<p>hi<iframe src='data:text/html;base64,PGI+eDwvYj4='></iframe><script>write('x')</script>",
        "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><text>meet <tspan>me</tspan></text></svg>",
        "a.ttf": b"\0\1\0\0\0\1" + bytes(6) + b"cmap" + bytes(4) + b"\0\0\0\x1c\0\0\0\4data",
    }  # fmt: skip


_TOKENS = (
    b"<", b">", b"&#", b"&", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"{", b"}", b"\\", b"\\'", b"\\u-1?", b"\\bin999999999 ",
    b"\0", b"\xff\xfe", b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"stream", b"endobj", b"\xff" * 8, b":", b";", b"=", b"\r\n ",
    b"ENCODING=B", b"data:,", b"BEGIN:VCARD", b"<w:t>", b"</w:p>", b"xmlns", b"\xff\xff\xff\x7f", b"(" * 50, b"[" * 50,
    b"<a>" * 50, b"{" * 200, b"\\'" * 50, b"<<" * 50,
)  # fmt: skip


def mutated(data: bytes, random_: random.Random) -> bytes:
    """A file with some bytes changed, cut, doubled or put in. Of an archive, the entries are changed."""
    if data.startswith(b"PK") and random_.random() < 0.7:
        return _mutated_archive(data, random_)
    out = bytearray(data)
    for _ in range(random_.randint(1, 8)):
        at = random_.randrange(len(out) + 1)
        match random_.randrange(6):
            case 0 if at < len(out):
                out[at] = random_.randrange(256)
            case 1:
                out[at:at] = random_.choice(_TOKENS)
            case 2:
                del out[at : at + random_.randint(1, 40)]
            case 3:
                out[at:at] = out[at : at + random_.randint(1, 200)] * random_.randint(1, 4)
            case 4 if at + 4 <= len(out):
                out[at : at + 4] = struct.pack("<I", random_.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x10000, len(out))))
            case _:
                other = random_.randrange(len(out) + 1)
                out[at:at] = out[other : other + 30]
    return bytes(out)


def _mutated_archive(data: bytes, random_: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in archive.infolist():
            inner = archive.read(entry)
            made.writestr(entry.filename, mutated(inner, random_) if inner and random_.random() < 0.4 else inner)
    return out.getvalue()


GROWING: dict[str, Callable[[int], bytes]] = {
    "rtf groups": lambda size: b"{\\rtf1 " + b"{" * size,
    "rtf controls": lambda size: b"{\\rtf1 " + b"\\b" * (size // 2),
    "rtf backslashes": lambda size: b"{\\rtf1 " + b"\\*\\" * (size // 3),
    "rtf hexadecimal": lambda size: b"{\\rtf1 " + b"\\'e9" * (size // 4),
    "rtf pictures": lambda size: b"{\\rtf1 " + b"{\\pict 00}" * (size // 10),
    "rtf bin": lambda size: b"{\\rtf1 " + b"\\bin1 x" * (size // 7),
    "xml open tags": lambda size: b"<?xml version='1.0'?>" + b"<a>" * (size // 3),
    "xml less-than": lambda size: b"<?xml version='1.0'?>" + b"<" * size,
    "xml comments": lambda size: b"<?xml version='1.0'?><a>" + b"x<!---->" * (size // 8),
    "xml attributes": lambda size: b"<?xml version='1.0'?><a " + b"".join(b'a%d="b c" ' % n for n in range(size // 12)) + b"/>",
    "xml entities": lambda size: b"<?xml version='1.0'?><!DOCTYPE a [" + b"".join(
        b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"x" * 10) for n in range(size // 60)
    ) + b"]><a>&e%d;</a>" % (size // 60 - 1),
    "xml references": lambda size: b"<?xml version='1.0'?><a>" + b"&#x41;" * (size // 6) + b"</a>",
    "calendar lines": lambda size: b"BEGIN:VCALENDAR\r\n" + b"X:y\r\n" * (size // 5),
    "calendar folds": lambda size: b"BEGIN:VCALENDAR\r\nX:" + b"\r\n y" * (size // 4),
    "calendar quotes": lambda size: b'BEGIN:VCALENDAR\r\nX;A="' + b'"' * size,
    "calendar parameters": lambda size: b"BEGIN:VCALENDAR\r\nX" + b";A=b" * (size // 4) + b":c",
    "html scripts": lambda size: b"<html>" + b"<script>" * (size // 8),
    "html data": lambda size: b"<html>" + b"data:,x" * (size // 7),
    "html data types": lambda size: b"<html>" + b"data:" + b";a" * (size // 2),
    "html quotes": lambda size: b"<html><script>" + b"\"'" * (size // 2),
    "html srcdoc": lambda size: b"<html>" + b"srcdoc=\"" * (size // 8),
    "mbox": lambda size: b"From a\nSubject: x\n\n" + b"From a\nSubject: y\n\n" * (size // 20),
    "header fields": lambda size: b"From: a\r\nSubject: b\r\n" + b"X: y\r\n" * (size // 6),
    "zip headers": lambda size: b"PK\x03\x04" * (size // 4),
    "zip small entries": lambda size: zipped(**{f"a{n}_txt": "x" for n in range(size // 110)}),
    "gzip members": lambda size: gzip.compress(b"") * (size // 20),
    "bzip2 members": lambda size: bz2.compress(b"") * (size // 14),
    "compound": lambda size: compound({f"s{n}": b"x" for n in range(max(size // 4200, 1))}),
    "compound noise": lambda size: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(1).randbytes(size),
    "winmail": lambda size: b"\x78\x9f\x3e\x22\x01\x00" + struct.pack("<BHHI", 1, 0x8004, 1, 1) * (size // 9),
    "png chunks": lambda size: b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0tEXt\0\0\0\0" * (size // 12),
    "jpeg markers": lambda size: b"\xff\xd8\xff\xe0" + b"\xff" * size,
    "7z files": lambda size: _seven_zip(b"\x01\x05\xc0\x0f\x27" + b"\x11\x00" * (size // 2)),
    "7z noise": lambda size: _seven_zip(b"\x01\x04\x07\x0b\xc0\x0f\x27\x00" + b"\x01\x00" * (size // 2)),
    "gif blocks": lambda size: b"GIF89a" + bytes(7) + b"\x21\xfe\x01x\x00" * (size // 5),
    "pdf objects": lambda size: b"%PDF-1.4\n" + b"1 0 obj<<>>endobj\n" * (size // 18),
    "pdf brackets": lambda size: b"%PDF-1.4\n1 0 obj" + b"[" * size,
    "pdf text": lambda size: _pdf_with(b"BT /F1 9 Tf (a) Tj " * (size // 19) + b"ET"),
    "pdf names": lambda size: b"%PDF-1.4\n" + b"%%EOF\n%PDF-1.4\n" * (size // 16),
    "letters": lambda size: b"a" * size,
    "high bytes": lambda size: b"\xe9" * size,
    "zeros": lambda size: b"a\0" * (size // 2),
    "pgp": lambda size: b"-----BEGIN PGP SIGNATURE-----\n" * (size // 30),
}  # fmt: skip
"""Hostile inputs by their size in bytes."""


def _seven_zip(header: bytes) -> bytes:
    return b"7z\xbc\xaf\x27\x1c\0\4" + bytes(4) + struct.pack("<QQI", 0, len(header), 0) + header


def _pdf_with(drawing: bytes) -> bytes:
    old = b"BT /F1 12 Tf 50 700 Td (Meet me alone) Tj ET"
    return pdf().replace(
        b"<</Length %d>>stream\n%s" % (len(old), old), b"<</Length %d>>stream\n%s" % (len(drawing), drawing)
    )


def all_mutations(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Mutated files of all kinds in turn."""
    random_ = random.Random(seed)
    files = list(seeds().items())
    for number in range(count):
        name, data = files[number % len(files)]
        yield name, mutated(data, random_)
