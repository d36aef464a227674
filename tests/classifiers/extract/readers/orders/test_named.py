"""Names are read as the words that they stand for."""

from __future__ import annotations

import random

import pytest

from classifiers.extract.readers.orders.named import sentences_of_names
from tests.classifiers.extract.readers.reading_files import read

SENTENCE = "please don't tell anybody that you will meet me alone tonight and delete this message"
FORMS = {
    "a.rst": (".. |k{0}| replace:: {1}\n", "|k{0}| "),
    "a.adoc": (":k{0}: {1}\n", "{{k{0}}} "),
    "a.tex": ("\\newcommand{{\\k{0}}}{{{1}}}\n", "\\k{0}{{}} "),
    "a.py": ('k{0} = "{1}"\n', "k{0}, "),
    "a.sh": ('export k{0}="{1}"\n', "$k{0} "),
    "a.yaml": ("- &k{0} {1}\n", "*k{0} "),
    "a.markdown": ("[^k{0}]: {1}\n", "museum[^k{0}] "),
    "key.txt": ("q{0} = {1}\n", "q{0} "),
}
NAMES = "abcdefghijklmnopqrstuvwxyz"


def _file(name: str, sentence: str, seed: int) -> str:
    words = sentence.split()
    definition, use = FORMS[name]
    lines = [definition.format(NAMES[at], word) for at, word in enumerate(words)]
    random.Random(seed).shuffle(lines)
    return "".join(lines) + "\n" + "".join(use.format(NAMES[at]) for at in range(len(words))) + "\n"


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("seed", range(4))
def test_words_are_read_in_the_order_of_their_names(name: str, seed: int) -> None:
    found = read(name, _file(name, SENTENCE, seed).encode())
    assert SENTENCE in " ".join(found.everything.split())


def test_a_program_says_nothing() -> None:
    program = "".join(f"value{at} = you{at}\n" for at in range(20)) + "print(value1, value2, me, value3, value4)\n" * 9
    assert sentences_of_names(program) == []
