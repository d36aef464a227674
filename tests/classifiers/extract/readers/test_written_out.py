"""Pictures that are written out in texts are read; letters are read without what nobody sees between them."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable

import pytest

from tests.classifiers.extract.readers.reading_files import read
from tests.classifiers.extract.sample_files import compound, photo

SENTENCE = "please meet me alone tonight and don't tell anybody about this"
DECOYS = "aeinrst"


def _wrapped(data: bytes) -> str:
    return base64.encodebytes(data).decode()


WRITTEN: dict[str, Callable[[bytes], str]] = {
    "a.yaml": lambda data: "photo: !!binary |\n" + "".join(f"  {line}\n" for line in _wrapped(data).splitlines()),
    "hexadecimal.json": lambda data: json.dumps({"title": "Plan", "photo": data.hex()}),
    "a.json": lambda data: json.dumps({"title": "Plan", "photo": base64.b64encode(data).decode()}),
    "a.xml": lambda data: f"<a><b>Plan</b><c>{_wrapped(data)}</c></a>",
    "a.csv": lambda data: f"title,photo\nPlan,{base64.b64encode(data).decode()}\n",
    "a.ldif": lambda data: "dn: cn=a\njpegPhoto:: " + "\n ".join(_wrapped(data).splitlines()),
}


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_inside_a_text_may_show_words(name: str, kind: str) -> None:
    found = read(name, WRITTEN[name](photo(kind, (64, 48))).encode())
    assert "pictured" in found.failed


@pytest.mark.parametrize("name", WRITTEN)
def test_other_data_inside_a_text_is_none(name: str) -> None:
    assert "pictured" not in read(name, WRITTEN[name](b"plan of the week, in order " * 9).encode()).failed


def _letters(form: str) -> str:
    return "".join(form.format(letter, DECOYS[at % 7]) for at, letter in enumerate(SENTENCE))


def _dialogue(text: str) -> str:
    return f"Dialogue: 0,0:00:01.00,0:00:09.00,A,,0,0,0,,{text}\n"


MIXED = {
    "clear.ass": _dialogue(_letters("{{\\alpha&HFF&}}{1}{{\\alpha&H00&}}{0}")),
    "lines.ass": "".join(
        _dialogue(word) + _dialogue("museum").replace("Dialogue", "Comment") for word in SENTENCE.split()),
    "phantom.tex": _letters("{0}\\phantom{{{1}}}"),
    "remark.tex": _letters("{0}% the {1} of it\n"),
    "char.tex": "".join(f"\\char{ord(letter)} " for letter in SENTENCE),
    "song.cho": " ".join(f"{word[:2]}[{'CGDAE'[at % 5]}m7]{word[2:]}" for at, word in enumerate(SENTENCE.split())),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXED)
def test_words_are_read_without_what_nobody_sees(name: str) -> None:
    found = read(name, MIXED[name].encode()).everything
    assert SENTENCE.replace(" ", "") in "".join(found.split())


def test_notes_of_a_word_each_are_read_together() -> None:
    notes = "".join(f"museum {{\\*\\atnid DO}}{{\\*\\atnauthor Dana Okafor}}\\chatn{{\\*\\annotation \\pard {word}}}"
                    for word in SENTENCE.split())  # fmt: skip
    assert SENTENCE in read("a.rtf", f"{{\\rtf1 {notes}}}".encode()).hidden


@pytest.mark.parametrize("way", ["texts", "characters"])
def test_formulas_of_binary_workbooks_are_read(way: str) -> None:
    tokens = b""
    for at, letter in enumerate(SENTENCE):
        text = b"\x17\x01\x00" + letter.encode()
        tokens += text if way == "texts" else b"\x1e" + struct.pack("<H", ord(letter)) + b"\x41\x6f\x00"
        tokens += b"\x08" if at else b""
    formula = bytes(20) + struct.pack("<H", len(tokens)) + tokens
    records = ((0x809, struct.pack("<HHIII", 0x600, 0x10, 0, 0, 0)), (0x06, formula), (0x0A, b""))
    book = b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in records)
    assert SENTENCE in read("a.xls", compound({"Workbook": book.ljust(4096, b"\0")})).text
