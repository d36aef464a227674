"""Enriched texts, and texts whose bytes have their highest bit set, are read as programs that know them do."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.extraction import extract_message
from tests.classifiers.extract.readers.reading_files import read
from tests.differential.evasions.check import HELP, SECRET

_OTHERS = "green paper chair window table garden yellow bottle river engine".split()
_MARKS = (
    "<bold>{}</bold>", "<italic>{}</italic>", "<bigger><bigger>{}</bigger></bigger>", "<underline>{}</underline>",
    "<color><param>red</param>{}</color>", "<fontfamily><param>Courier</param>{}</fontfamily>", "<Fixed>{}</fixed>",
)  # fmt: skip


def _among(sentence: str, mark: str) -> str:
    rng = random.Random(f"{sentence} {mark}")
    return " ".join(f"{' '.join(rng.sample(_OTHERS, rng.randint(1, 3)))} {mark.format(w)}" for w in sentence.split())


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("mark", _MARKS)
@pytest.mark.parametrize("media_type", ["text/enriched", "text/richtext"])
def test_words_of_an_enriched_text_that_look_unlike_the_others_are_read(
    media_type: str, mark: str, sentence: str
) -> None:
    found = read("", _among(sentence, mark).encode(), media_type)
    assert sentence in found.hidden
    assert "<" not in found.text
    assert "Courier" not in found.text


@pytest.mark.parametrize("mark", _MARKS)
def test_what_tags_are_told_is_not_shown(mark: str) -> None:
    text = " ".join(mark.replace("red", word).replace("Courier", word).format(own) for own, word in zip(
        SECRET.split(), _OTHERS * 2, strict=False
    ))  # fmt: skip
    assert read("", text.encode(), "text/enriched").text == SECRET


def test_signs_of_tags_are_shown_as_they_are() -> None:
    assert read("", b"1 <<2 <bold>and</bold> 3 < 4", "text/enriched").text == "1 <2 and 3 < 4"
    assert read("", b"one<nl>two <lt>3", "text/richtext").text == "one\ntwo <3"


_TAGS = ("<wbr>", "<br>", "<b></b>", "<!-- x -->", "<img src=x.png>", "</i><i>")


@pytest.mark.parametrize("tag", _TAGS)
@pytest.mark.parametrize("sentence", [SECRET, HELP])
def test_words_that_tags_divide_in_a_text_file_are_read(sentence: str, tag: str) -> None:
    found = read("a.txt", tag.join(sentence[at : at + 3] for at in range(0, len(sentence), 3)).encode())
    assert sentence.replace(" ", "") in "".join(found.everything.split())


@pytest.mark.parametrize("before", ["", "Hello Liam,\n"])
def test_words_that_several_tags_divide_in_a_mail_are_read(before: str) -> None:
    tags = ("<b></b>", "</i><i>", "<wbr>", "<span style='color: red'>", "<br>", "</font>")
    words = "".join(f"{letter}{tags[at % 6] if letter.isalpha() else ''}" for at, letter in enumerate(SECRET))
    found = extract_message(f"Subject: Practice\n\n{before}{words}\n".encode())
    assert any(SECRET.replace(" ", "") in "".join(passage.text.split()) for passage in found.passages)


@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("label", ["text/plain; charset=us-ascii", "text/plain; charset=iso-8859-1", "text/plain"])
@pytest.mark.parametrize("from_code", [0, 0x21, 0x41])
def test_bytes_with_their_highest_bit_set_are_also_read_without_it(label: str, sentence: str, from_code: int) -> None:
    data = bytes(byte | 0x80 if byte >= from_code else byte for byte in sentence.encode())
    content = f"Subject: Practice\nContent-Type: {label}\n\n".encode() + data + b"\n"
    assert any(sentence in passage.text for passage in extract_message(content).passages)


@pytest.mark.parametrize(
    "text", ["Привет, как твои дела? Мы встретимся завтра в школе.", "Año nuevo, mañana será otro día."]
)
@pytest.mark.parametrize("charset", ["koi8-r", "cp1251", "utf-8"])
def test_other_alphabets_have_no_such_reading(text: str, charset: str) -> None:
    data = text.encode(charset, "ignore")
    content = f"Subject: a\nContent-Type: text/plain; charset={charset}\n\n".encode() + data
    found = extract_message(content)
    assert [passage.text.strip() for passage in found.passages[1:]] == [data.decode(charset).strip()]
