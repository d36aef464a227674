"""Fonts for tests, made from the one that comes with Pillow: true ones, and ones that show other letters."""

from __future__ import annotations

import random
import string
import struct
from collections.abc import Mapping
from functools import cache

from PIL import ImageFont

from classifiers.extract.readers.fonts.tables import assembled, maps_of, mixed, tables_of

SAID = "Practice is on Tuesday at four in the gymnasium and parents are welcome"
DRAWN = "Meet me alone at my house tonight and do not tell anybody about it now!"
GUID = "1DE0B8A3-5A61-4C0D-9E5B-7F30A1C2D4E6"


@cache
def true_font() -> bytes:
    """A plain sans serif with the letters of the alphabet."""
    return bytes(ImageFont.load_default(40).font_bytes)


@cache
def shapes() -> Mapping[str, int]:
    """The number of the shape of each character of the font."""
    return {chr(code): shape for code, shape in maps_of(tables_of(true_font()))[0].items()}


def font_showing(drawn: Mapping[str, str]) -> bytes:
    """The font with other shapes for some characters: of each pair the second one is shown for the first."""
    given = {ord(character): shape for character, shape in shapes().items()}
    other = {ord(character): shapes()[letter] for character, letter in drawn.items()}
    return assembled(tables_of(true_font()), given | other)


def permutation(seed: int, count: int = 26) -> dict[str, str]:
    """So many small letters that are shown for each other, none for itself."""
    letters = random.Random(seed).sample(string.ascii_lowercase, count)
    return dict(zip(letters, letters[1:] + letters[:1], strict=True))


def font_with_feature(name: str, drawn: Mapping[str, str]) -> bytes:
    """The font with a feature that shows the second one of each pair for the first, if a document asks for it."""
    pairs = sorted((shapes()[letter], shapes()[other]) for letter, other in drawn.items())
    count = len(pairs)
    covered = struct.pack(f">HH{count}H", 1, count, *(shape for shape, _ in pairs))
    replaced = struct.pack(f">HHH{count}H", 2, 6 + 2 * count, count, *(shape for _, shape in pairs))
    lookups = struct.pack(">HHHHHH", 1, 4, 1, 0, 1, 8) + replaced + covered
    features = struct.pack(">H4sHHHH", 1, name.encode(), 8, 0, 1, 0)
    scripts = struct.pack(">H4sHHHHHHH", 1, b"DFLT", 8, 4, 0, 0, 0xFFFF, 1, 0)
    places = (10, 10 + len(scripts), 10 + len(scripts) + len(features))
    replacements = struct.pack(">IHHH", 0x10000, *places) + scripts + features + lookups
    given = {ord(character): shape for character, shape in shapes().items()}
    return assembled(tables_of(true_font()) | {b"GSUB": replacements}, given)


def web_font(font: bytes) -> bytes:
    """A font in the form for the web, with its tables as they are."""
    tables = sorted(tables_of(font).items())
    head = 44 + 20 * len(tables)
    directory, body = b"", b""
    for name, table in tables:
        directory += struct.pack(">4sIIII", name, head + len(body), len(table), len(table), 0)
        body += table + bytes(-len(table) % 4)
    length = head + len(body)
    start = struct.pack(">4s4sIHHIHHIIIII", b"wOFF", font[:4], length, len(tables), 0, len(font), 1, 0, 0, 0, 0, 0, 0)
    return start + directory + body


def embedded_opentype(font: bytes, flags: int = 0) -> bytes:
    """A font as PowerPoint stores it: with a header, and with its bytes mixed if the flags say so."""
    if flags & 0x10000000:
        font = mixed(font, b"\x50", len(font))
    head = struct.pack("<III", len(font), 0x00020001, flags) + bytes(18) + b"LP" + bytes(46 + 18)
    return struct.pack("<I", 4 + len(head) + len(font)) + head + font


def mixed_with_guid(font: bytes) -> bytes:
    """A font as Word and XPS store it."""
    return mixed(font, bytes.fromhex(GUID.replace("-", ""))[::-1], 32)
