"""Archives and other containers around a text that hides a sentence."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

from PIL import Image

from tests.differential.evasions.hidden_file import HiddenFile, text_bytes, zipped
from tests.differential.evasions.media_forms import make_pdf, saved_picture

_OCTETS = "application/octet-stream"


def _packed(method: int) -> Callable[[str], HiddenFile]:
    def make(text: str) -> HiddenFile:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("note.txt", text_bytes(text) * 3)
        return HiddenFile("a.zip", "application/zip", out.getvalue())

    return make


def _edited(change: Callable[[bytes], bytes], name: str = "a.zip") -> Callable[[str], HiddenFile]:
    """A zip file whose bytes are changed."""
    return lambda text: HiddenFile(name, _OCTETS, change(zipped({"note.txt": text_bytes(text)})))


def _without_directory(data: bytes) -> bytes:
    return data[: data.index(b"PK\1\2")]


def _other_name_in_directory(data: bytes) -> bytes:
    at = data.index(b"PK\1\2")
    return data[:at] + data[at:].replace(b"note.txt", b"logo.png")


def _encrypted(data: bytes) -> bytes:
    data = bytearray(data)
    data[6] |= 1
    at = data.index(b"PK\1\2")
    data[at + 8] |= 1
    return bytes(data)


def _stored_as_unknown(data: bytes) -> bytes:
    data = bytearray(data)
    data[8:10] = struct.pack("<H", 97)
    at = data.index(b"PK\1\2")
    data[at + 10 : at + 12] = struct.pack("<H", 97)
    return bytes(data)


def _entry_comment(text: str) -> HiddenFile:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.comment = text_bytes(text)
        archive.writestr(entry, "plan")
    return HiddenFile("a.zip", "application/zip", out.getvalue())


def _extra_field(text: str) -> HiddenFile:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.extra = struct.pack("<HH", 0x7777, len(text_bytes(text))) + text_bytes(text)
        archive.writestr(entry, "plan")
    return HiddenFile("a.zip", "application/zip", out.getvalue())


def _tar(
    form: int, name: str = "note.txt", data: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "", owner: str = ""
) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.type, entry.linkname, entry.uname = len(data), kind, link, owner
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _ar(text: str) -> bytes:
    data = text_bytes(text)
    return b"!<arch>\n" + b"note.txt/       0           0     0     100644  %-10d`\n" % len(data) + data


def _cpio(text: str) -> bytes:
    data = text_bytes(text)
    return b"070707" + b"000000" * 7 + b"00000000000" + b"%06o%011o" % (9, len(data)) + b"note.txt\0" + data


def _iso(text: str) -> bytes:
    return bytes(0x8000) + b"\x01CD001\x01\0" + bytes(2040) + text_bytes(text)


def _lz4(text: str) -> bytes:
    data = text_bytes(text)
    return b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(data) | 0x80000000) + data + bytes(4)


def _gzip_field(flag: int, value: str) -> bytes:
    plain = gzip.compress(b"plan")
    return plain[:3] + bytes([flag]) + plain[4:10] + text_bytes(value) + b"\0" + plain[10:]


def _appledouble(text: str) -> bytes:
    return struct.pack(">II16xHIII", 0x00051607, 0x00020000, 1, 4, 38, len(text_bytes(text))) + text_bytes(text)


def _macbinary(text: str) -> bytes:
    data = text_bytes(text)
    head = bytearray(128)
    head[1:6] = b"\x04note"
    head[83:87] = struct.pack(">I", len(data))
    return bytes(head) + data.ljust(-(-len(data) // 128) * 128, b"\0")


def _nested(depth: int) -> Callable[[str], HiddenFile]:
    def make(text: str) -> HiddenFile:
        data, name = text_bytes(text), "note.txt"
        for level in range(depth):
            data, name = zipped({name: data}), f"{level}.zip"
        return HiddenFile("a.zip", "application/zip", data)

    return make


def _names(text: str) -> HiddenFile:
    return HiddenFile(
        "a.zip", "application/zip", zipped({f"{at} {word}.txt": "x" for at, word in enumerate(text.split())})
    )


def _folders(text: str) -> HiddenFile:
    return HiddenFile("a.zip", "application/zip", zipped({"/".join(text.split()) + "/a.txt": "x"}))


def _shar(text: str) -> bytes:
    return b"#!/bin/sh\n# This is a shell archive\ncat > note.txt << 'EOF'\nX" + text_bytes(text) + b"\nEOF\nexit 0\n"


def _picture() -> bytes:
    return saved_picture(Image.new("RGB", (9, 9)), "PNG")


def _plain(name: str, make: Callable[[bytes], bytes]) -> Callable[[str], HiddenFile]:
    return lambda text: HiddenFile(name, _OCTETS, make(text_bytes(text)))


def _like_zstd(data: bytes) -> bytes:
    """The signature of zstd before compressed bytes: nothing here reads more of it."""
    return b"\x28\xb5\x2f\xfd" + zlib.compress(data)


CONTAINERS: dict[str, Callable[[str], HiddenFile]] = {
    "zip stored": _packed(zipfile.ZIP_STORED), "zip bzip2": _packed(zipfile.ZIP_BZIP2), "zip lzma": _packed(zipfile.ZIP_LZMA),
    "zip without directory": _edited(_without_directory), "zip other name": _edited(_other_name_in_directory), "zip encrypted": _edited(_encrypted),
    "zip of an unknown method": _edited(_stored_as_unknown), "zip cut": _edited(lambda data: data[:-10]), "zip behind text": _edited(lambda data: b"Practice on Tuesday\n" + data, "a.txt"),
    "zip behind a page": _edited(lambda data: b"<html><p>Practice</p></html>" + data, "a.html"), "zip behind a picture": _edited(lambda data: _picture() + data, "a.png"),
    "zip behind a pdf": _edited(lambda data: make_pdf("Practice", "page") + data, "a.pdf"), "zip before text": _edited(lambda data: data + b"Practice"), "zip twice": _edited(lambda data: zipped({"a.txt": "plan"}) + data),
    "zip entry comment": _entry_comment, "zip extra field": _extra_field, "zip in zip": _nested(2), "zip in zips": _nested(4), "zip too deep": _nested(8), "names": _names, "folders": _folders,
    "zip of a mail": lambda text: HiddenFile("a.zip", "application/zip", zipped({"a.eml": b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(text_bytes(text))})),
    "zip in base64": _plain("a.txt", lambda data: base64.encodebytes(zipped({"a.txt": data}))), "zip in hexadecimal": _plain("a.txt", lambda data: zipped({"a.txt": data}).hex().encode()),
    "tar": lambda text: HiddenFile("a.tar", _OCTETS, _tar(tarfile.GNU_FORMAT, data=text_bytes(text))), "tar name": lambda text: HiddenFile("a.tar", _OCTETS, _tar(tarfile.PAX_FORMAT, f"{text}.txt", b"x")),
    "tar long name": lambda text: HiddenFile("a.tar", _OCTETS, _tar(tarfile.GNU_FORMAT, f"{text} {'x' * 90}.txt", b"x")), "tar link": lambda text: HiddenFile("a.tar", _OCTETS, _tar(tarfile.GNU_FORMAT, "a", kind=tarfile.SYMTYPE, link=text)),
    "tar folder": lambda text: HiddenFile("a.tar", _OCTETS, _tar(tarfile.GNU_FORMAT, text, kind=tarfile.DIRTYPE)), "tar cut": lambda text: HiddenFile("a.tar", _OCTETS, _tar(tarfile.GNU_FORMAT, data=text_bytes(text))[:700]),
    "tar zstd": lambda text: HiddenFile("a.tar.zst", _OCTETS, _like_zstd(_tar(tarfile.GNU_FORMAT, data=text_bytes(text)))), "zstd": _plain("a.zst", _like_zstd),
    "gzip twice": _plain("a.gz", lambda data: gzip.compress(gzip.compress(data))), "gzip members": _plain("a.gz", lambda data: gzip.compress(b"plan ") + gzip.compress(data)), "gzip name": lambda text: HiddenFile("a.gz", _OCTETS, _gzip_field(8, text)),
    "gzip comment": lambda text: HiddenFile("a.gz", _OCTETS, _gzip_field(16, text)), "gzip and more": _plain("a.gz", lambda data: gzip.compress(b"plan") + data), "gzip cut": _plain("a.gz", lambda data: gzip.compress(data)[:-12]),
    "bzip2": _plain("a.bz2", bz2.compress), "bzip2 members": _plain("a.bz2", lambda data: bz2.compress(b"plan ") + bz2.compress(data)), "xz": _plain("a.xz", lzma.compress), "lzma": _plain("a.lzma", lambda data: lzma.compress(data, lzma.FORMAT_ALONE)),
    "zlib": _plain("a.z", zlib.compress), "raw deflate": _plain("a.bin", lambda data: zlib.compress(data)[2:-4]), "lz4": lambda text: HiddenFile("a.lz4", _OCTETS, _lz4(text)), "lzip": _plain("a.lz", lambda data: b"LZIP\1\x0c" + lzma.compress(data)[24:]),
    "ar": lambda text: HiddenFile("a.ar", _OCTETS, _ar(text)), "deb": lambda text: HiddenFile("a.deb", _OCTETS, _ar(text)), "cpio": lambda text: HiddenFile("a.cpio", _OCTETS, _cpio(text)), "iso": lambda text: HiddenFile("a.iso", _OCTETS, _iso(text)),
    "rpm": _plain("a.rpm", lambda data: b"\xed\xab\xee\xdb" + bytes(60) + data), "arj": _plain("a.arj", lambda data: b"\x60\xea" + bytes(40) + data), "lha": _plain("a.lzh", lambda data: b"\x20\x00-lh0-" + bytes(20) + data), "xar": _plain("a.xar", lambda data: b"xar!" + bytes(40) + data),
    "dmg": _plain("a.dmg", lambda data: data + b"koly" + bytes(508)), "vhd": _plain("a.vhd", lambda data: data + b"conectix" + bytes(504)), "wim": _plain("a.wim", lambda data: b"MSWIM\0\0\0" + bytes(100) + data), "snappy": _plain("a.sz", lambda data: b"\xff\x06\0\0sNaPpY" + data),
    "appledouble": lambda text: HiddenFile("._a", _OCTETS, _appledouble(text)), "macbinary": lambda text: HiddenFile("a.bin", _OCTETS, _macbinary(text)), "shar": lambda text: HiddenFile("a.shar", _OCTETS, _shar(text)),
    "hexadecimal": _plain("a.hex", binascii.hexlify), "hexadecimal by lines": _plain("a.hex", lambda data: b"\n".join(binascii.hexlify(data[at : at + 16]) for at in range(0, len(data), 16))),
    "base32": _plain("a.txt", base64.b32encode), "base85": _plain("a.txt", base64.b85encode), "ascii85": _plain("a.txt", base64.a85encode), "base64 url": _plain("a.txt", base64.urlsafe_b64encode), "base64 twice": _plain("a.txt", lambda data: base64.b64encode(base64.b64encode(data))),
    "inverted": _plain("a.bin", lambda data: bytes(byte ^ 255 for byte in data)), "reversed": _plain("a.txt", lambda data: data[::-1]), "shifted": _plain("a.bin", lambda data: bytes((byte + 128) & 255 for byte in data)),
    "behind zeros": _plain("a.dat", lambda data: bytes(5_000) + data), "behind a picture": _plain("a.png", lambda data: _picture() + data), "in the middle": _plain("a.dat", lambda data: bytes(range(256)) * 4 + data + bytes(range(256)) * 4),
    "utf-16 without a mark": _plain("a.txt", lambda data: data.decode().encode("utf-16-be")), "utf-32": _plain("a.txt", lambda data: data.decode().encode("utf-32-be")), "utf-7": _plain("a.txt", lambda data: data.decode().encode("utf-7")), "ebcdic": _plain("a.txt", lambda data: data.decode().encode("cp500", "replace")),
    "windows-1251 letters": _plain("a.txt", lambda data: data), "interleaved zeros": _plain("a.txt", lambda data: b"\0\0".join(bytes([byte]) for byte in data)), "escapes": _plain("a.txt", lambda data: b"".join(b"\\x%02x" % byte for byte in data)),
}  # fmt: skip
