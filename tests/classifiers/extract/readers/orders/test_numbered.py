"""Records in the order of a place, a time or a rank are read in that order."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from classifiers.extract.readers.orders.numbered import sentences_by_number
from tests.classifiers.extract.readers.reading_files import read
from tests.growth import grows_linearly

SENTENCES = (
    "please don't tell anybody that you will meet me alone tonight and delete this message",
    "my stepdad hits me every night and I am scared to go home please help me",
)
SEEDS = range(4)
_AT_LINES = 5
"""Words on a line of a drawing."""


def _x(at: int) -> int:
    return 40 + 90 * (at % _AT_LINES)


def _y(at: int) -> int:
    return 40 + 30 * (at // _AT_LINES)


FORMS: dict[str, Callable[[int, str], str]] = {
    "a.txt": lambda at, word: f"{at + 1}. {word}\n",
    "a.csv": lambda at, word: f"{at + 1},{word}\n",
    "a.log": lambda at, word: f"2025-11-03 12:{at:02}:07 INFO {word}\n",
    "a.srt": lambda at, word: f"7\n00:00:{at:02},000 --> 00:00:{at:02},900\n{word}\n\n",
    "a.lrc": lambda at, word: f"[00:{at:02}.00]{word}\n",
    "a.ass": lambda at, word: f"Dialogue: 0,0:00:01.00,0:00:09.00,A,,0,0,0,,{{\\pos({_x(at)},{_y(at)})}}{word}\n",
    "a.ics": lambda at, word: f"BEGIN:VEVENT\nDTSTART:202511{at + 1:02}T120000Z\nSUMMARY:{word}\nEND:VEVENT\n",
    "a.tex": lambda at, word: f"\\put({_x(at)},{900 - _y(at)}){{{word}}}\n",
    "a.dxf": lambda at, word: f"0\nTEXT\n8\n0\n10\n{_x(at)}.0\n20\n{900 - _y(at)}.0\n40\n2.5\n1\n{word}\n",
    "moved.txt": lambda at, word: f"\x1b[{1 + at // _AT_LINES};{1 + 12 * (at % _AT_LINES)}H{word}",
    "a.drawio": lambda at, word: f"<mxCell id='n' value='{word.replace(chr(39), '&#39;')}' style='html=1;'>"
    f"<mxGeometry x='{_x(at)}' y='{_y(at)}' width='80' height='30'/></mxCell>\n",
    "a.kml": lambda at, word: f"<Placemark><name>{word}</name><coordinates>{at / 100 - 122:.2f},37.4,0</coordinates>"
    "</Placemark>\n",
    "a.canvas": lambda at, word: json.dumps({"id": "a", "x": _x(at) - 200, "y": _y(at) - 80, "text": word}) + ",\n",
}  # fmt: skip


def _file(name: str, sentence: str, seed: int) -> str:
    records = [FORMS[name](at, word) for at, word in enumerate(sentence.split())]
    random.Random(seed).shuffle(records)
    begin, end = {"a.ics": ("BEGIN:VCALENDAR\n", "END:VCALENDAR\n"), "a.kml": ("<kml>", "</kml>")}.get(name, ("", ""))
    return begin + "".join(records) + end


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("seed", SEEDS)
def test_words_are_read_in_the_order_of_their_numbers(name: str, sentence: str, seed: int) -> None:
    found = read(name, _file(name, sentence, seed).encode())
    assert sentence in " ".join(found.everything.split())
    assert found.failed == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_letters_are_read_in_the_order_of_their_numbers(seed: int) -> None:
    letters = list("pleasedonttellanybodymeetmealonetonight")
    records = [f'<Glyphs X="{7 * at}" Text="{letter}"/>' for at, letter in enumerate(letters)]
    random.Random(seed).shuffle(records)
    assert sentences_by_number("\n".join(records)) == ["".join(letters)]


@pytest.mark.parametrize("name", ["a.xml", "a.json"])
@pytest.mark.parametrize("seed", SEEDS)
def test_letters_are_read_though_names_are_letters_as_well(name: str, seed: int) -> None:
    letters = "pleasedonttellanybodythatyouwillmeetmealonetonight"
    form = "<t p='7'><x>{0}</x><y>{1}</y></t>\n" if name == "a.xml" else '{{"t": "{1}", "x": {0}, "y": 3}},\n'
    records = [form.format(9 * at + 2, letter) for at, letter in enumerate(letters)]
    random.Random(seed).shuffle(records)
    assert letters in sentences_by_number("".join(records))


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{at},{name},{at * 7 % 31}\n" for at, name in enumerate("Ann Bob Cara Dan Eve Finn Gia Hal".split())),
        "".join(f"{at}. {words}\n" for at, words in enumerate(
            "Read chapter four|Bring your book|Ask me about the map|Sign the form|Pack your lunch|Be on time|"
            "Check my page|Wear a coat|Call your parents".split("|"))),
    ],
)  # fmt: skip
def test_honest_records_are_read_as_they_stand(text: str) -> None:
    assert sentences_by_number(text) == []


@pytest.mark.parametrize("words", ["me", "me you my to the go home tell come night"])
def test_time_grows_with_the_text(words: str) -> None:
    rng = random.Random(1)
    piece = " ".join(f"{rng.randrange(99)} {rng.choice(words.split())}" for _ in range(400))
    assert grows_linearly(sentences_by_number, lambda count: piece * count, 10, 100)
