"""Each decoding that a phone may choose is read, and honest texts have one reading."""

import random

import pytest

from gateway.core.channels.smpp_encoding import TextReading, read_texts
from gateway.core.channels.smpp_pdu import Command, Tag, read_text
from tests.peers.smpp_ends import body

WORDS = "our secret ok delete this dont tell ur mom u looked so pretty today meet me at the park after school".split()
HONEST = (
    "mañana", "Practice moved to 4 pm @ the gym, bring $5", "¿Cuándo es el examen? ¡Gracias, señora Núñez!", "ok",
    "привет, завтра контрольная", "明天有考试吗", "[x] {y} ~ 5 € \\ |", "hahahaha", "Ψ Δ Ω", "å ä ö é è à", "Ελληνικά",
    "12345678", "ok 👍",
)  # fmt: skip


def reading(content: bytes, coding: int = 0, options: tuple = ()) -> TextReading:
    return read_texts([read_text(Command.SUBMIT_SM, body("1", "2", content, coding=coding, options=options))])


def packed(text: str) -> bytes:
    bits = sum(byte << 7 * at for at, byte in enumerate(text.encode("gsm23.038")))
    return bits.to_bytes(-(-len(text) * 7 // 8), "little")


@pytest.mark.parametrize("coding", [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 0xF0, 0xF4, 0x18, 0xE0])
@pytest.mark.parametrize("codec", ["ascii", "utf-16-be", "utf-16-le", "packed"])
def test_every_alphabet_in_every_coding_is_read(coding: int, codec: str) -> None:
    chance = random.Random(coding)
    for _ in range(40):
        text = " ".join(chance.sample(WORDS, chance.randrange(4, 12)))
        text += " " * (len(text) % 2)
        content = packed(text) if codec == "packed" else text.encode(codec)
        found = reading(content, coding)
        assert text.strip() in found.whole.replace("\0", "").replace("@", ""), (coding, codec, found)


@pytest.mark.parametrize("text", HONEST)
def test_honest_texts_have_one_reading(text: str) -> None:
    for codec, coding in (("gsm23.038", 0), ("latin-1", 3), ("utf-16-be", 8)):
        try:
            content = text.encode(codec)
        except UnicodeEncodeError:
            continue
        assert reading(content, coding) == TextReading(text, (), False, True)


def test_an_escape_before_an_ordinary_letter_is_ignored() -> None:
    assert reading(b"\x1bm\x1be".replace(b"e", b"a") + b"\x1bd \x1bx\x1b").text == "mad x"
    assert reading(b"5 \x1be").text == "5 €"


@pytest.mark.parametrize("short", [b"", b"short words"])
def test_every_payload_is_read(short: bytes) -> None:
    found = reading(short, options=((Tag.PAYLOAD, b"first words"), (Tag.PAYLOAD, b"second words")))
    assert found.text == short.decode() + "first wordssecond words"
    assert found.is_disputed
    assert not reading(b"", options=((Tag.PAYLOAD, b"first words"),)).is_disputed


@pytest.mark.parametrize("odd", ["\ue000", "\uf8ff", "\uffff", "\u0378", "\U000f0000"])
@pytest.mark.parametrize("words", ["he hit me again please help me", "meet me alone tonight and delete this"])
def test_words_among_characters_without_a_meaning_are_read(words: str, odd: str) -> None:
    between, inside = words.replace(" ", odd), odd.join(words)
    for text in (between, inside, f"{odd * 9}{words}{odd * 9}"):
        found = reading(text.encode("utf-16-be"), 8)
        assert words in (found.text, *found.others)
        assert found.is_disputed
        assert not found.readable
