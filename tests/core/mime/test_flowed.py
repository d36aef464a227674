"""Lines that end inside of words are joined where a text says that programs join them; other texts stay as they are."""

from __future__ import annotations

import random

import pytest

from gateway.core.mime.account import read_mail
from gateway.core.mime.structure import join_lines, joins_lines
from tests.growth import grows_linearly

WORDS = "Meet me alone behind the gym tonight and tell nobody about it."
FLOWED = "text/plain; format=flowed; delsp=yes"


def broken(text: str, seed: int, before: str = "") -> str:
    """A text whose lines end after two to five characters, wherever that is."""
    rng = random.Random(seed)
    lines, at = [], 0
    while at < len(text):
        size = rng.randint(2, 5)
        lines.append(before + text[at : at + size])
        at += size
    return " \r\n".join(lines)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("before", ["", "> ", ">> "])
def test_lines_that_end_inside_of_words_are_joined(seed, before):
    joined = join_lines(f"Practice is at four.\r\n\r\n{broken(WORDS, seed, before)}\r\nSee you\r\n")
    assert joined == f"Practice is at four.\r\n\r\n{before}{WORDS}\r\nSee you\r\n"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "head",
    [
        f"Content-Type: {FLOWED}\r\n\r\n",
        'Content-Type: text/plain; charset="utf-8"; Format="Flowed"; DelSp="YES"\r\n\r\n',
        "Content-Type: text/plain; charset=us-ascii; charset=utf-8; delsp = yes\r\n\r\n",
        f"Content-Type: multipart/mixed; boundary=q; boundary=z\r\n\r\n--z\r\nContent-Type: {FLOWED}\r\n\r\n",
    ],
)
def test_a_mail_has_the_joined_text(head, seed):
    reading = read_mail(f"{head}{broken(WORDS, seed)}\r\n".encode())
    assert any(WORDS in part.text for part in (*reading.parts, *reading.others.parts))


@pytest.mark.parametrize(
    "text",
    [
        "These lines end  \r\nwith two blanks  \r\nbetween their words  \r\nas Apple Mail writes them.\r\n",
        "milk \r\neggs\r\nbread\r\n",
        "https://school.example/a/very/long/address/that/is/bro \r\nken/once\r\n",
        "-- \r\nDana Okafor \r\nRiverbend\r\n",
        "",
    ],
)
def test_other_lines_stay(text):
    assert join_lines(text) == text


@pytest.mark.parametrize(
    "value", ["text/plain; format=flowed", "text/plain; format=flowed; delsp=no", "text/plain", ""]
)
def test_only_a_declared_text_is_joined(value):
    assert not joins_lines(value)


def test_time_is_linear():
    assert grows_linearly(join_lines, lambda size: "ab \r\n" * size + "> " * size, 20_000, 200_000)
