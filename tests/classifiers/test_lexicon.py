"""Phrases and their cues: what a pattern takes, and that every shipped one can be met."""

from __future__ import annotations

import re

import pytest

from classifiers.components.lexicon import Cue, PhraseMatcher, cues


def found(phrase: str, text: str) -> list[str]:
    words = text.split()
    return [
        " ".join(words[first:behind]) for _, first, behind in PhraseMatcher([Cue("7a", "made", (phrase,))]).find(words)
    ]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("our (little|) secret", "it is our secret now", ["our secret"]),
        ("our (little|) secret", "it is our little secret now", ["our little secret"]),
        ("wear that * again", "please wear that blue again", ["wear that blue again"]),
        ("wear that * again", "please wear that again", []),
        ("wear (* |)again", "wear again", ["wear again"]),
        ("(text|call) me (tonight|at midnight)", "call me at midnight please", ["call me at midnight"]),
        ("tu mamá", "le dije a tu mama", ["tu mama"]),
        ("tu mama", "le dije a tu mamá", ["tu mamá"]),
        ("mi año", "mi ano", []),
        ("give me ($|money)", "give me time", []),
    ],
)
def test_what_a_phrase_takes(phrase: str, text: str, expected: list[str]) -> None:
    assert found(phrase, text) == expected


def test_every_shipped_phrase_is_whole_and_takes_a_word() -> None:
    for cue in cues():
        for phrase in cue.phrases:
            assert not re.search(r"\([^()]*\(|\)[^()]*\)", phrase), f"{cue.name}: brackets in {phrase}"
            bare = re.sub(r"\(([^()]*)\)", lambda each: max(each[1].split("|"), key=len), phrase).replace("*", "word")
            words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", bare.lower())
            assert found(phrase, " ".join(words)), f"{cue.name}: nothing meets {phrase}"


def test_cues_of_a_clause_have_names_of_their_own() -> None:
    named = [(cue.clause, cue.name) for cue in cues()]
    assert len(set(named)) == len(named)
