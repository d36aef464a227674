"""Codes that say words are read, and ordinary text is left alone."""

from __future__ import annotations

import base64
import codecs
import random
import re
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.codes import letters_in_columns
from classifiers.extract.quoting import PassageKind
from tests.classifiers.extract.finding import without_codes

SECRET = "Our secret, don't tell anybody. Meet me alone tonight and delete this message."
MORSE = dict(zip(
    "abcdefghijklmnopqrstuvwxyz",
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
    .split(),
    strict=True,
))  # fmt: skip
KEYS = {
    letter: key * at
    for key, keys in zip("23456789", "abc def ghi jkl mno pqrs tuv wxyz".split(), strict=True)
    for at, letter in enumerate(keys, 1)
}
BINHEX = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


def morse(text: str) -> str:
    return " / ".join(" ".join(MORSE[letter] for letter in word if letter in MORSE) for word in text.lower().split())


def binhex(text: str) -> str:
    data = text.encode()
    raw = b"\x05a.txt\0TEXTttxt\0\0" + len(data).to_bytes(4) + bytes(6) + data + bytes(4)
    bits = "".join(f"{byte:08b}" for byte in raw)
    signs = "".join(BINHEX[int(bits[at : at + 6].ljust(6, "0"), 2)] for at in range(0, len(bits), 6))
    lines = "\n".join(f":{signs}:"[at : at + 64] for at in range(0, len(signs) + 2, 64))
    return f"(This file must be converted with BinHex 4.0)\n\n{lines}"


def down_the_columns(text: str, gap: str = "  ") -> str:
    words = text.split()
    return "\n".join(
        gap.join(word[row] if row < len(word) else " " for word in words) for row in range(max(map(len, words)))
    )


CODES: dict[str, Callable[[str], str]] = {
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal pairs": lambda text: text.encode().hex(" "),
    "hexadecimal of UTF-16": lambda text: text.encode("utf-16-be").hex().upper(),
    "hexadecimal of swapped UTF-16": lambda text: text.encode("utf-16-le").hex(" "),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "decimal": lambda text: " ".join(map(str, text.encode())),
    "letters by number": lambda text: " ".join(
        "-".join(str(ord(letter) - 96) for letter in word if "a" <= letter <= "z") for word in text.lower().split()
    ),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base64 of words": lambda text: " ".join(base64.b64encode(word.encode()).decode() for word in text.split()),
    "base85": lambda text: base64.a85encode(text.encode(), adobe=True).decode(),
    "binhex": binhex,
    "morse": morse,
    "morse in other signs": lambda text: morse(text).replace(".", "·").replace("-", "−"),
    "tags": lambda text: "Hi." + "".join(chr(0xE0000 + ord(letter)) for letter in text),
    "variation selectors": lambda text: "Hi." + "".join(chr(0xE0100 + byte - 16) for byte in text.encode()),
    "invisible bits": lambda text: "Hi." + "".join(
        "\u200b\u200c"[int(bit)] for byte in text.encode() for bit in f"{byte:08b}"
    ),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "rot13 below plain words": lambda text: f"Bring the form.\n\n{codecs.encode(text, 'rot13')}",
    "rot47": lambda text: "".join(chr(33 + (ord(sign) + 14) % 94) if "!" <= sign <= "~" else sign for sign in text),
    "syllables before vowels": lambda text: re.sub("(?=[aeiou])", "ub", text.lower()),
    "vowels repeated": lambda text: re.sub("([aeiou])", r"\1p\1", text.lower()),
    "consonants repeated": lambda text: re.sub("([b-df-hj-np-tv-z])", r"\1o\1", text.lower()),
    "first letters last": lambda text: " ".join(word[1:] + word[0] for word in re.sub("[.,]", "", text).split()),
    "pairs": lambda text: "".join(text[at : at + 2][::-1] for at in range(0, len(text), 2)),
    "halves": lambda text: text[::2] + text[1::2],
    "letters between": "x".join,
    "keys": lambda text: " 0 ".join(
        " ".join(KEYS[letter] for letter in word if letter in KEYS) for word in text.lower().split()
    ),
    "hearts": "♥".join,
    "columns": down_the_columns,
    "columns side by side": lambda text: down_the_columns(text, ""),
    "columns without blanks at the end": lambda text: re.sub(" +(?=\n)", "", down_the_columns(text, "")),
}  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_words_in_a_code_are_read_and_the_code_is_not(name: str) -> None:
    coded = CODES[name](SECRET)
    text, said = without_codes(coded)
    assert letters(SECRET) in letters("".join(said))
    assert len(text) == len(coded), "offsets stay"
    assert len(text.split()) <= 12, "nothing is judged from the code"


@pytest.mark.parametrize(
    "text",
    [
        "the commit is b230a8ed84eb262bed1f2c908703990d3483b55f",
        "12 14 15 16 18 19 20 21 22 23 24 25 26 are the scores of the class",
        "- - - - - - - - - - - -\n. . . . . . . . . .",
        "Vocabulary: photosynthesis, chloroplast, stomata, xylem, phloem, cambium, cuticle, epidermis",
        "B7\nC12\nD4\nA9\nB3\nC8",
        "Jorgensen\nKowalski\nLindqvist\nMbeki\nNguyen\nOkafor",
        "dsg\nabba\nxyz\nqrs\nmnop\ntuv",
        "A B C D\nE F G H\nI J K L\nM N O P",
        "Groups of Tuesday:\nA 1 2 3 4\nB 5 6 7 8\nC 9 1 2 3\nD 4 5 6 7\nThank you!",
        "Lernt bitte Wortschatz Seite zwölf, Grammatik Seite dreizehn, danach Übungen eins bis vier",
        "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert without_codes(text) == (text, [])


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("page", ["{}", "<p>{{}}</p><pre>{}</pre>", "<p>{{}}</p><div style='white-space:pre'>{}</div>"])
@pytest.mark.parametrize("other", ["Practice is on Tuesday.", "The homework is on page 12. See you in class, Mr. Lee"])
def test_letters_in_columns_are_read_among_other_text(page: str, blocks: int, other: str) -> None:
    words = SECRET.split()
    size = -(-len(words) // blocks)
    parts = (" ".join(words[at : at + size]) for at in range(0, len(words), size))
    written = page.format("\n\n".join(map(down_the_columns, parts))).format(other)
    kind = "plain" if page == "{}" else "html"
    content = f"Content-Type: text/{kind}\n\n{other}\n\n{written}"
    passages = extract_message(content.encode()).passages
    assert any(letters(SECRET) in letters(passage.text) for passage in passages if passage.kind == PassageKind.HIDDEN)
    shown = "".join(passage.text for passage in passages if passage.kind == PassageKind.NEW)
    assert len(shown.split()) <= 2 * len(other.split()) + 4, "nothing is judged from the letters"


def test_tiny_parts_are_read_together() -> None:
    parts = "".join(f"--q\r\nContent-Type: text/plain\r\n\r\n{letter}\r\n" for letter in SECRET)
    content = f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n{parts}--q--\r\n"
    hidden = [
        passage.text for passage in extract_message(content.encode()).passages if passage.kind == PassageKind.HIDDEN
    ]
    assert letters(SECRET) in letters("".join(hidden))


def test_a_long_subject_is_read_to_its_end() -> None:
    content = f"Subject: {'Practice on Tuesday ' * 120}{SECRET}\r\n\r\nHello\r\n"
    assert any(SECRET in passage.text for passage in extract_message(content.encode()).passages)


@pytest.mark.parametrize("before", ["", ">", "> "])
@pytest.mark.parametrize("width", [6, 10, 14])
def test_words_in_short_lines_say_nothing_down_their_columns(before: str, width: int) -> None:
    rng = random.Random(f"{before} {width}")
    words = "lake side remember nobody tonight behind gymnasium meet whisper tomorrow".split()
    for _ in range(400):
        line = "".join(word + rng.choice(("", "", " ")) for word in rng.choices(words, k=rng.randint(6, 10)))
        rows = [line[at : at + width].rjust(width + rng.randint(0, 1)) for at in range(0, len(line), width)]
        text = "\n".join(f"{before}{row}" for row in rows)
        assert letters_in_columns(text) == (text, [])
