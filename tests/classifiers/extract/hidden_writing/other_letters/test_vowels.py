"""Texts whose vowels are other signs are read, and texts in plain words, in digits or in other languages are not."""

from __future__ import annotations

import json
import random
import re
import tomllib
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.hidden_writing.other_letters.vowels import with_meant_vowels
from tests.many_wordings import SENTENCES

VOWELS = "aeiou"
LONGER = (
    "our secret stays with you, tell nobody. meet me alone tonight and delete this message.",
    "mi padrastro me pega todas las noches y tengo miedo de volver a casa. ayuda por favor.",
)
REPO, FOREIGN = Path(__file__).parents[5], "tests/classifiers/normalize/foreign_sentences.toml"


def plain(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(sign))


def replaced(signs: str | Sequence[str]) -> Callable[[str], str]:
    table = str.maketrans(dict(zip(VOWELS, signs, strict=True)))
    return lambda text: plain(text).translate(table)


def orders(count: int) -> dict[str, Callable[[str], str]]:
    """Random orders of the vowels in which none stays where it is."""
    rng, found = random.Random(26), dict[str, Callable[[str], str]]()
    while len(found) < count:
        order = "".join(rng.sample(VOWELS, 5))
        if all(vowel != other for vowel, other in zip(VOWELS, order, strict=True)):
            found[order] = replaced(order)
    return found


ONE_TO_ONE: dict[str, Callable[[str], str]] = {
    **orders(6),
    "fruit": replaced("🍎🍐🍊🍋🍌"),
    "emoji with variation selectors": replaced(("❤\ufe0f", "☀\ufe0f", "☁\ufe0f", "☂\ufe0f", "⚽")),
    "signs": replaced("%&=~^"),
    "signs that words have at their edges": replaced("*-^!?"),
    "digits": replaced("12345"),
    "other digits": replaced("73962"),
    "another alphabet": replaced("דהוזח"),
}
ONE_FOR_ALL: dict[str, Callable[[str], str]] = {
    name: replaced(sign * 5) for name, sign in (("emoji", "🍎"), ("question marks", "?"), ("stars", "*"), ("x", "x"))
}
ONE_FOR_ALL["left out"] = lambda text: re.sub(f"[{VOWELS}]", "", plain(text))


@pytest.mark.parametrize("name", ONE_TO_ONE)
def test_each_vowel_is_the_same_sign(name: str) -> None:
    read = [with_meant_vowels(ONE_TO_ONE[name](sentence))[1] == [plain(sentence)] for sentence in SENTENCES]
    print(f"{name}: {sum(read)} of {len(read)}")
    assert sum(read) >= 0.7 * len(read)
    assert all(with_meant_vowels(ONE_TO_ONE[name](sentence))[1] == [sentence] for sentence in map(plain, LONGER))


@pytest.mark.parametrize("name", ONE_FOR_ALL)
def test_all_vowels_are_the_same_sign_or_left_out(name: str) -> None:
    shares = []
    for sentence in (*SENTENCES, *LONGER):
        said = " ".join(with_meant_vowels(ONE_FOR_ALL[name](sentence))[1])
        meant = re.findall(r"\w+", plain(sentence))
        shares.append(len(set(meant).intersection(re.findall(r"\w+", plain(said)))) / len(set(meant)))
    print(f"{name}: {sum(share > 0.7 for share in shares)} of {len(shares)}")
    assert sum(share > 0.7 for share in shares) >= (0.4 if name == "left out" else 0.6) * len(shares)


def test_only_the_paragraph_that_is_disguised_is_blanked() -> None:
    cover = "The bus leaves at seven.\n\n"
    disguised = ONE_TO_ONE["fruit"](LONGER[0])
    text, said = with_meant_vowels(f"{cover}{disguised}\n\nSee you there.")
    assert text == f"{cover}{' ' * len(disguised)}\n\nSee you there."
    assert said == [LONGER[0]]


def test_a_text_message_is_read() -> None:
    passages = extract_message(ONE_TO_ONE["fruit"](LONGER[1]).encode(), "sms").passages
    assert LONGER[1] in [passage.text for passage in passages]


def test_plain_texts_stay() -> None:
    rows = [
        json.loads(line)["text"]
        for file in sorted((REPO / "classifiers/training/corpus").glob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()[::8]
    ]
    rows += [text for texts in tomllib.loads((REPO / FOREIGN).read_text("utf-8")).values() for text in texts]
    assert [row for row in rows if with_meant_vowels(row)[1]] == []


@pytest.mark.parametrize(
    "text",
    [
        "0ur s3cr3t st4ys w1th y0u, t3ll n0b0dy and d3l3t3 th1s m3ss4ge",  # the normalizer reads it
        "Room 204, 3rd floor: bring form B-12, $15 and 2 photos by 11:30 on 4/12.",
        "ok 👍 see you at 5 😂😂 bring the ⚽ and 🍎 for the team ❤️ thx coach 🙏",
        "TX FL NY NJ PA MD VA DC WV KY TN MS; Dr. Wm. St. John, MD, PhD, RN",
        "for (i = 0; i < n; i++) { sum += x[i] * y[i]; } return sum / n;",
        "pls txt me bk thx",
        "xq zv kd \ufe0f \u200d wq ' jt \ufe0f",
    ],
)
def test_what_is_written_so_for_other_reasons_stays(text: str) -> None:
    assert with_meant_vowels(text) == (text, [])
