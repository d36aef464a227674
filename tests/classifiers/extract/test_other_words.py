"""What another reading says beyond the texts that were read."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.other_words import MIN_LETTERS, KnownWords, is_notice
from classifiers.extract.quoting import PassageKind
from tests.growth import grows_linearly


def known(*texts: str) -> KnownWords:
    words = KnownWords()
    for text in texts:
        words.add(text)
    return words


def test_new_words_are_found_by_line():
    lines, letters = known("Please bring the signed form on Thursday.").new_lines(
        "Please bring the signed form\non Thursday.\nMeet me alone behind the gymnasium.\n"
    )
    assert lines == "Meet me alone behind the gymnasium."
    assert letters > MIN_LETTERS


@pytest.mark.parametrize(
    ("read", "other"),
    [
        ("Please bring the form", "PLEASE bring,\nthe form!"),
        ("<p>Please <b>bring</b> the form</p>", "Please bring the form"),
        ("Please bri=\r\nng the=20form", "Please bring the form"),
        ("Please bring the form", "Please bring the form\nINPUT type radio CHECKED value BLOCKQUOTE face Arial"),
        ("Please bring the form", "Please bring the form\nYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo0MTIz"),
        ("Please bring the form", "Please bring the form\n¬±ùÞµéšŠX¬²š²ŠÞu¼“†)ä\x19ç¤Yé\x07ž"),
    ],
)
def test_the_same_words_are_not_new(read, other):
    assert known(read).new_lines(other)[1] < MIN_LETTERS


_APART = "\u200b".join(chr(0x1F1E6 + ord(letter) - 97) for letter in "meetmealonetonight")


@pytest.mark.parametrize(
    "other", [_APART, "\u2068".join("meet me alone tonight"), "⠀".join("meetmealone"), "\n".join("meetmealone")]
)
def test_letters_that_stand_apart_are_new_words(other: str) -> None:
    lines, letters = known("Please bring the form").new_lines(other, is_markup=True)
    assert lines == other
    assert letters >= MIN_LETTERS - 1


def test_known_words_in_a_new_order_are_read():
    lines, letters = known("You must tell nobody to be alone or meet me").new_lines(
        "Meet me alone. You must tell nobody to be"
    )
    assert "Meet me alone" in lines
    assert letters == 0


def test_new_link_is_read():
    assert known("See https://tools.example/a").new_lines("See https://evil.example/a")[0]
    assert known("See www.tools.example").new_lines("See\nwww.evil.example")[0] == "www.evil.example"
    assert not known("See https://tools.example/a").new_lines("See https://tools.example/b")[0]


def test_notices():
    assert is_notice("______\nExmh-workers mailing list\nhttps://lists.example/mailman/listinfo/exmh")
    assert not is_notice("Meet me alone behind the gymnasium.")
    assert not is_notice("mailing list " + "Meet me alone. " * 100)


def test_cost_is_linear():
    def new_lines(count: int) -> object:
        text = "=" * count + "x y z\n" * count + "<p" * count + "w.w" * count
        return known("a b c\n" * count).new_lines(text)

    assert grows_linearly(new_lines, int, 10_000, 80_000)


BOUNDARY = "Content-Type: multipart/mixed; boundary=b\r\n"


def test_other_reading_makes_a_message_disputed():
    mail = f"Subject: x\r\n{BOUNDARY}\r\n--b\r\n\r\nhello\r\n--b--\r\nMeet me alone behind the gymnasium.\r\n"
    extracted = extract_message(mail.encode())
    assert extracted.failed == ("disputed",)
    (other,) = [passage for passage in extracted.passages if passage.kind is PassageKind.OTHER]
    assert (other.part, other.text.strip()) == ("", "Meet me alone behind the gymnasium.")


@pytest.mark.parametrize("encode", [lambda data: data.hex(), lambda data: base64.b85encode(data).decode()])
def test_encoded_words_behind_the_parts_are_read(encode: Callable[[bytes], str]) -> None:
    data = encode(b"Our secret, don't tell anybody. Meet me alone tonight and delete this message.")
    extracted = extract_message(f"{BOUNDARY}\r\n--b\r\n\r\nhello\r\n--b--\r\n{data}\r\n".encode())
    assert any("Meet me alone" in passage.text for passage in extracted.passages) or "unreadable" in extracted.failed


@pytest.mark.parametrize("data", ["<20251203.1558@mx.school.example>", "cfc2b7a07afe4ad6a5a2c1bdb3b0f6d1"])
def test_identifiers_behind_the_parts_say_nothing(data: str) -> None:
    assert extract_message(f"{BOUNDARY}\r\n--b\r\n\r\nhello\r\n--b--\r\n{data}\r\n".encode()).failed == ()


def test_footer_of_a_list_is_read_but_not_disputed():
    mail = f"{BOUNDARY}\r\n--b\r\n\r\nhello\r\n--b--\r\n_____\r\nChess mailing list\r\nhttps://lists.example/chess\r\n"
    extracted = extract_message(mail.encode())
    assert extracted.failed == ()
    (other,) = [passage for passage in extracted.passages if passage.kind is PassageKind.OTHER]
    assert "Chess mailing list" in other.text


@pytest.mark.parametrize(
    "start",
    [
        b"\x89PNG\r\n\x1a\n",
        b"BM",
        b"GIF89a",
        b"\xff\xd8\xff\xe0",
        b"OTTO\x00",
        b"\x00\x01\x00\x00\x00",
        b"%PDF-1.7\r\n",
    ],
)
def test_plain_text_that_looks_like_a_file_is_read(start):
    mail = b"Content-Type: text/plain\r\n\r\n" + start + b" Meet me alone behind the gymnasium tonight.\r\n"
    extracted = extract_message(mail)
    assert any("Meet me alone behind the gymnasium" in passage.text for passage in extracted.passages)


def test_hidden_text_is_read_to_its_end():
    html = "<p>hi</p><div style='display:none'>" + "lorem ipsum dolor " * 2000 + "meet me alone</div>"
    extracted = extract_message(b"Content-Type: text/html\r\n\r\n" + html.encode())
    assert any("meet me alone" in passage.text for passage in extracted.passages)


def test_account_covers_the_content():
    mail = f"{BOUNDARY}\r\n--b\r\nContent-Type: application/x-odd\r\n\r\n\x01\x02\x03\x80\r\n--b--\r\n".encode(
        "latin-1"
    )
    extracted = extract_message(mail)
    assert extracted.failed == ("unreadable",)
    assert sum(span.size for span in extracted.account) == len(mail)
    assert [str(span.use) for span in extracted.account if span.part == "1"] == ["not read"]


def test_a_better_reading_is_read_after_a_worse_one_with_the_same_words():
    garbage, words = "\x0f\u00be\x17\u00f6" * 12, "bitbitch meets alone tonight"
    known = KnownWords()
    for text in (f"{garbage} {words}", f"hello {words}"):
        new_lines, _ = known.new_lines(text)
        known.add(new_lines)
    assert words in new_lines


def test_words_in_a_line_of_misread_bytes_are_new():
    new_lines, letters = known("hello").new_lines("\x01\x9e\x02\x93" * 40 + " meet me alone tonight")
    assert new_lines == "meet me alone tonight"
    assert letters >= MIN_LETTERS
