"""Phrases and cues: what a pattern matches, and that every shipped phrase can match."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classifiers.components.head import NEW_CLAUSE_SCORE
from classifiers.components.lexicon import Cue, PhraseMatcher, cues
from classifiers.pipeline.classifier import load
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import HELP
from tests.classifiers.sample_messages import one, sms


def found(phrase: str, text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[first:end]) for _, first, end in PhraseMatcher([Cue("7a", "made", (phrase,))]).find(words)]


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
def test_phrases_match(phrase: str, text: str, expected: list[str]) -> None:
    assert found(phrase, text) == expected


def test_every_shipped_phrase_is_well_formed_and_can_match() -> None:
    for cue in cues():
        for phrase in cue.phrases:
            assert not re.search(r"\([^()]*\(|\)[^()]*\)", phrase), f"{cue.name}: brackets in {phrase}"
            bare = re.sub(r"\(([^()]*)\)", lambda each: max(each[1].split("|"), key=len), phrase).replace("*", "word")
            words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", bare.lower())
            assert found(phrase, " ".join(words)), f"{cue.name}: nothing meets {phrase}"


def test_cue_names_are_unique_within_a_clause() -> None:
    named = [(cue.clause, cue.name) for cue in cues()]
    assert len(set(named)) == len(named)


NEW_CLAUSE = """
[[cue]]
clause = "10"
cue = "fundraising"
en = ["(buy|sell) (a|some|) raffle (ticket|tickets)"]

[[cue]]
clause = "10"
cue = "crowdfunding"
floor = 0.3
en = ["gofundme"]
"""


def test_a_clause_of_an_added_lexicon_has_findings(tmp_path: Path) -> None:
    (tmp_path / "fundraising.toml").write_text(NEW_CLAUSE)
    classifier = load(lexicons=str(tmp_path))
    verdict = one(classifier, sms("Please buy some raffle tickets from me."))
    found = [finding for finding in verdict.findings if finding.clause == "10"]
    assert [(finding.score, finding.by, finding.cue) for finding in found] == [
        (NEW_CLAUSE_SCORE, "lexicon", ""), (NEW_CLAUSE_SCORE, "lexicon", "fundraising"),
    ]  # fmt: skip
    assert found[0].spans
    assert one(classifier, sms("See my gofundme.")).score("10") == 0.3
    assert one(classifier, sms('She said "buy raffle tickets" to us.')).score("10") == 0.0
    assert one(load(), sms("Please buy some raffle tickets from me.")).score("10") == 0.0


def test_a_cue_of_help_may_have_a_floor(tmp_path: Path) -> None:
    (tmp_path / "code.toml").write_text('[[cue]]\nclause = "help"\ncue = "code"\nfloor = 0.8\nen = ["blue lamp"]')
    classifier = load(lexicons=str(tmp_path))
    verdict = one(classifier, sms("The blue lamp is on.", Direction.STUDENT_TO_STAFF))
    assert verdict.help == 0.8
    assert "code" in {finding.cue for finding in verdict.findings if finding.clause == HELP}
    for text, direction in (
        ("The blue lamp is on.", Direction.STAFF_TO_STUDENT),
        ('She said "blue lamp" in the play.', Direction.STUDENT_TO_STAFF),
    ):
        assert one(classifier, sms(text, direction)).help < 0.8


def test_a_phrase_may_name_a_list(tmp_path: Path) -> None:
    (tmp_path / "listed.toml").write_text(
        '[lists]\nanimals = "cat|old dog"\n[[cue]]\nclause = "10"\ncue = "pet"\nen = ["my ({animals}|bird)"]'
    )
    assert cues(str(tmp_path))[-1].phrases == ("my (cat|old dog|bird)",)


NESTED = '[[cue]]\nclause = "10"\ncue = "x"\nen = ["my (cat|(old|young) dog)"]'
IN_A_WORD = '[[cue]]\nclause = "10"\ncue = "x"\nen = ["my cat(s|)"]'
UNKNOWN_LIST = '[[cue]]\nclause = "10"\ncue = "x"\nen = ["my ({animals})"]'


@pytest.mark.parametrize(
    "text",
    [
        UNKNOWN_LIST,
        NESTED,
        IN_A_WORD,
        "x = 1",
        '[[cue]]\nclause = "10"',
        '[[cue]]\nclause = "context"\ncue = "x"\nfloor = 0.5\nen = ["y"]',
        "[",
    ],
)
def test_an_invalid_lexicon_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.toml").write_text(text)
    with pytest.raises(ValueError, match=r"broken\.toml: not a lexicon"):
        cues(str(tmp_path))
