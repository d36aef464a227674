"""Sentences in fields that mail programs show only on request are read; what machines write there is not."""

from __future__ import annotations

import random
from base64 import b64encode
from urllib.parse import quote

import pytest

from classifiers.extract.extraction import ExtractedMessage, extract_message
from gateway.core.messages.verdict import DISPUTED

SENTENCES = ("meet me alone behind the gym and tell nobody", "ven a verme a solas y no le digas a nadie de nosotros")
FIELDS = (
    "X-Mailer: {}", "Received: from a by b ({}); Mon, 3 Nov 2025 12:00:00 +0000", "In-Reply-To: {} <a@b.example>",
    "X-Priority: 1 ({})", "Expires:\r\n {}", "References: <{dashes}@b.example>", "Archived-At: <https://b.example/{dashes}>",
    "{dashes}: x", "Subject*: utf-8''{percent}", "X-Odd: a; note=\"{}\"",
)  # fmt: skip
PART_FIELDS = (
    "Content-ID: <{percent}>", "Content-Location: https://b.example/{percent}", "Content-Disposition: {}; x=y",
    'Content-Disposition: inline; note="{}"', "Subject: {}",
)  # fmt: skip
MACHINES = (
    "Received: from mail.us.example ([192.0.2.1]) by no.name.me.us.example with Microsoft SMTPSVC(5.0.2195) for me",
    "X-Spam-Status: No, hits=-3.2 required=5.0 tests=IN_REP_TO,QUOTED_EMAIL_TEXT version=2.40",
    "Accept-Language: nn, no, en-us, en-ie, ga",
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=us.example; h=to:me:from:you; b=Me/You+us/Our=",
)


def extracted(fields: str, part_fields: str = "") -> ExtractedMessage:
    head = f"From: a@a.example\r\nTo: b@b.example\r\nSubject: Practice\r\n{fields}MIME-Version: 1.0\r\n"
    part = f"--q\r\nContent-Type: text/plain\r\n{part_fields}\r\nPractice is at four.\r\n--q--\r\n"
    return extract_message(f"{head}Content-Type: multipart/mixed; boundary=q\r\n\r\n{part}".encode())


def filled(form: str, sentence: str) -> str:
    return form.format(sentence, dashes=sentence.replace(" ", "-"), percent=quote(sentence)) + "\r\n"


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize(
    ("fields", "part_fields"), [(form, "") for form in FIELDS] + [("", form) for form in PART_FIELDS]
)
def test_a_sentence_is_read(fields, part_fields, sentence):
    message = extracted(
        filled(fields, sentence) if fields else "", filled(part_fields, sentence) if part_fields else ""
    )
    assert any(sentence in passage.text for passage in message.passages)
    assert DISPUTED not in message.failed


def test_letters_in_names_are_read_together():
    names = ", ".join(f"{letter} <a{at}@b.example>" for at, letter in enumerate("meetmealone"))
    assert any("meetmealone" in passage.text for passage in extracted(f"Cc: {names}\r\n").passages)


@pytest.mark.parametrize("field", MACHINES)
def test_what_machines_write_is_left_out(field):
    assert [passage.text.strip() for passage in extracted(field + "\r\n").passages] == [
        "Practice",
        "Practice is at four.",
    ]


@pytest.mark.parametrize("form", ["{}@school.example", "list+{}@school.example", "<office@{}.example>"])
def test_words_in_addresses_are_read_together(form: str) -> None:
    words = "please meet me alone tonight and tell nobody about us"
    addresses = ",\r\n ".join(map(form.format, words.split()))
    assert any(words in passage.text for passage in extracted(f"Cc: {addresses}\r\n").passages)


WORD_EACH = {
    "names": lambda words: "To: " + ", ".join(f'"{word}" <a{at}@b.example>' for at, word in enumerate(words)),
    "fields": lambda words: "\r\n".join(f"Comments: {word}" for word in words),
    "senders": lambda words: "\r\n".join(f"Resent-From: {word} <a{at}@b.example>" for at, word in enumerate(words)),
    "lists": lambda words: "\r\n".join(f"List-Id: {word} <a{at}.b.example>" for at, word in enumerate(words)),
    "keywords": lambda words: f"Keywords: {', '.join(words)}",
}


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("form", WORD_EACH)
def test_fields_with_a_word_each_are_read_together(form, sentence):
    message = extracted(WORD_EACH[form](sentence.split()) + "\r\n")
    assert any(sentence in passage.text for passage in message.passages)


def test_names_of_people_say_nothing_together():
    people = "Ann Lee, My Nguyen, Su Li, Bob Stone, El Mehdi, Yo Sato, Tim Us, Dana Okafor, Liam He"
    message = extracted(
        "Cc: " + ", ".join(f"{name} <a{at}@b.example>" for at, name in enumerate(people.split(", "))) + "\r\n"
    )
    assert not any("Lee My" in passage.text for passage in message.passages)


def test_a_sentence_across_the_end_of_a_long_title_is_read_whole():
    for count in range(0, 100, 7):
        subject = f"{'x' * (1_900 + count)} {SENTENCES[0]} {'y' * 300}"
        message = extract_message(f"Subject: {subject}\r\n\r\nPractice is at four.".encode())
        assert any(SENTENCES[0] in passage.text for passage in message.passages)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("form", ["X-{}: 1", "{}: x"])
def test_names_of_fields_are_read_together(form: str, sentence: str) -> None:
    message = extracted("".join(form.format(word) + "\r\n" for word in sentence.split()))
    assert any(sentence in passage.text.lower() for passage in message.passages)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("field", ["Mail-Followup-To", "Mail-Reply-To", "X-Group", "Autocrypt-Gossip"])
def test_names_in_any_field_of_addresses_are_read_together(field: str, sentence: str) -> None:
    names = ", ".join(f"{word} <a{at}@b.example>" for at, word in enumerate(sentence.split()))
    assert any(sentence in passage.text for passage in extracted(f"{field}: {names}\r\n").passages)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("form", ["Thread-Index: {}", "Autocrypt: addr=a@b.example; keydata={}", "X-Odd: {}"])
def test_what_fields_say_in_base64_is_read(form: str, sentence: str) -> None:
    code = b64encode(sentence.encode()).decode()
    folded = "\r\n ".join(code[at : at + 40] for at in range(0, len(code), 40))
    message = extracted(form.format(folded) + "\r\n")
    assert any(sentence in passage.text for passage in message.passages)


def test_bytes_in_base64_are_not_read() -> None:
    rng = random.Random(5)
    codes = "".join(f"X-Key: {b64encode(rng.randbytes(60)).decode()}\r\n" for _ in range(10))
    assert [passage.text.strip() for passage in extracted(codes).passages] == ["Practice", "Practice is at four."]
