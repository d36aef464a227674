"""Bytes that were all changed alike are read, in texts and in hexadecimal digits, and honest ones are not changed."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.extraction import extract_message
from gateway.core.channels.smpp_changed_bytes import with_exchanged_halves, words_of_changed_bytes
from gateway.core.channels.smpp_encoding import read_texts
from gateway.core.channels.smpp_pdu import Command, Tag, read_text
from tests.many_wordings import SENTENCES
from tests.peers.smpp_ends import body

LONG = (
    "Our secret, don't tell anybody. Meet me alone tonight and delete this message.",
    "Mi padrastro me pega todas las noches y tengo miedo de volver a casa.",
)


def whole(content: bytes, coding: int) -> str:
    pdu = body("1", "2", b"", coding=coding, options=((Tag.PAYLOAD, content),))
    return read_texts([read_text(Command.SUBMIT_SM, pdu)]).whole


def packed(text: str) -> bytes:
    bits = sum(byte << 7 * at for at, byte in enumerate(text.encode()))
    return bits.to_bytes(-(-len(text) * 7 // 8), "little")


@pytest.mark.parametrize("key", random.Random(3).sample(range(1, 256), 24))
def test_bytes_that_are_combined_with_one_are_read(key: int) -> None:
    said = [sentence for sentence in SENTENCES if sentence.isascii()]
    keyed = {sentence: bytes(byte ^ key for byte in sentence.encode()) for sentence in said}
    read = [sentence for sentence, content in keyed.items() if sentence in words_of_changed_bytes(content)]
    print(f"{key}: {len(read)} of {len(said)}")
    assert len(read) >= 0.75 * len(said)
    for text in LONG:
        assert text in words_of_changed_bytes(bytes(byte ^ key for byte in text.encode()))


@pytest.mark.parametrize("coding", [0, 1, 3, 4, 8, 0xF5])
@pytest.mark.parametrize("text", LONG)
def test_they_are_read_in_each_coding(text: str, coding: int) -> None:
    assert text in whole(bytes(byte ^ 0x2A for byte in text.encode()), coding)
    assert text in whole(with_exchanged_halves(text.encode()), coding)


@pytest.mark.parametrize("text", LONG)
def test_hexadecimal_digits_of_such_bytes_are_read(text: str) -> None:
    for content in (with_exchanged_halves(text.encode()), with_exchanged_halves(packed(text)),
                    bytes(byte ^ 0x51 for byte in text.encode())):  # fmt: skip
        said = [passage.text for passage in extract_message(content.hex().encode(), "sms").passages]
        assert any(text in words for words in said), said


@pytest.mark.parametrize(
    "text", [*SENTENCES, "ok 👍 see you at 5", "明天没有课，请在家复习", "Завтра школы нет", "1234 5678 9012 3456"]
)
def test_honest_bytes_are_left_alone(text: str) -> None:
    for codec in ("utf-8", "utf-16-be", "utf-16-le"):
        assert list(words_of_changed_bytes(text.encode(codec))) == []
    assert whole(text.encode("utf-16-be"), 8) == text


def test_an_element_that_is_longer_than_its_kind_disputes_a_text() -> None:
    for size, is_disputed in ((3, False), (4, True), (90, True)):
        short = bytes((size + 2, 0, size)) + bytes(range(1, size + 1)) + b"see you at five"
        pdu = body("1", "2", short, esm_class=0x40)
        assert read_texts([read_text(Command.SUBMIT_SM, pdu)]).is_disputed == is_disputed
