"""What models say of a student's damaged text holds nothing."""

from __future__ import annotations

import random
import re

import pytest

from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import Hit, TextAnnotations
from classifiers.normalize.normalized_text import NormalizedText
from classifiers.normalize.tokens import words_of
from classifiers.pipeline.readability import is_uncertain, supported_findings
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import PICTURED, Finding, Span
from gateway.core.policy.clauses import HELD
from tests.core.mime.drawn_text.pixel_fonts import FONTS, each

PLAIN = "my stepdad hits me every night and i am scared to go home please help me"
KNOWN = frozenset(PLAIN.split())
DAMAGED = (
    "my ste hi m eve nig an i a sca to g ho ple he m pdad ts e ry ht d m red o me ase lp e",
    "timi tipa tidras titro timepe tiga titodas tilas tinoches tiy titengo tiayuda my every night home please",
    "m p h s e e n h n i m c r d o o o e l a e e p e y t d d i t m y i h night home scared",
)


CLAUSE = sorted(HELD)[0]


SCATTERED = "because under window quickly their yellow between seven almost kitchen would river maybe".split()
"""Words that hardly ever follow each other."""


def score_of(
    text: str,
    direction: Direction,
    guess: str = "",
    cue: str = "",
    known: frozenset[str] = KNOWN,
    *,
    is_covered: bool = True,
    points_at: str = "",
) -> float:
    """The score of a clause that holds, after a model was sure of it; some words are a guess, some a cue.

    `points_at`: the line of the text that the model found.
    """
    noted = TextAnnotations(text=text, words=words_of(text))
    noted.direction = str(direction)
    noted.sentences = [found.span() for found in re.finditer(r"[^\n]+", text)]
    at = text.index(points_at)
    spans = (Span("1", at, at + len(points_at)),) if points_at else ()
    if cue:
        noted.hits.append(Hit(CLAUSE, "words", text.index(cue), text.index(cue) + len(cue), "lexicon"))
    guesses = ((text.index(guess), text.index(guess) + len(guess)),) if guess else ()
    pieces = ((0, Passage("1", 0, text, PassageKind.NEW), NormalizedText(text, guesses=guesses)),)
    found, _ = supported_findings(
        [Finding(CLAUSE, 0.99, "linear", spans)],
        PipelineText(PassageKind.NEW, text, pieces, 0),
        noted,
        known,
        is_covered=is_covered,
    )
    return max((finding.score for finding in found), default=0.0)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_student_is_not_held_for_what_is_no_language(text: str) -> None:
    assert score_of(text, Direction.STUDENT_TO_STAFF) < score_of(PLAIN, Direction.STUDENT_TO_STAFF) == 0.99


@pytest.mark.parametrize("seed", range(5))
def test_words_that_do_not_follow_each_other_hold_no_student(seed: int) -> None:
    words = random.Random(seed).sample(sorted(SCATTERED), len(SCATTERED))
    text = " ".join(words)
    assert score_of(text, Direction.STUDENT_TO_STAFF, known=frozenset(SCATTERED)) < 0.5


def test_a_student_is_not_held_by_models_in_a_language_that_they_did_not_learn() -> None:
    assert score_of(PLAIN, Direction.STUDENT_TO_STAFF, is_covered=False) < 0.5
    assert score_of(PLAIN, Direction.STUDENT_TO_STAFF, cue="hits", is_covered=False) == 0.99
    assert score_of(PLAIN, Direction.STAFF_TO_STUDENT, is_covered=False) == 0.99


@pytest.mark.parametrize("at_once", [1, 2])
def test_words_that_stand_in_lines_of_their_own_hold_no_student(at_once: int) -> None:
    words = PLAIN.split()
    text = "\n".join(" ".join(words[at : at + at_once]) for at in range(0, len(words), at_once))
    assert score_of(text, Direction.STUDENT_TO_STAFF) < 0.5
    assert score_of(text, Direction.STAFF_TO_STUDENT) == 0.99


@pytest.mark.parametrize(
    ("guess", "cue", "holds"),
    [("", "", True), ("hits", "", False), ("hits", "stepdad hits", False), ("home", "stepdad hits", True)],
)
def test_a_student_is_held_for_words_beside_a_guess_and_not_for_the_guess(guess: str, cue: str, holds: bool) -> None:
    assert (score_of(PLAIN, Direction.STUDENT_TO_STAFF, guess, cue) == 0.99) == holds
    assert score_of(PLAIN, Direction.STAFF_TO_STUDENT, guess, cue) == 0.99


@pytest.mark.parametrize(
    "row",
    [
        "h . p l e a s e . s c a r e d", "p d t m h e s e r y n i g", "● ○ ● ● ○", " ".join(SCATTERED),
        "black circle white circle " * 12,
    ],
)  # fmt: skip
def test_what_holds_a_student_is_in_words_and_not_in_a_row_among_them(row: str) -> None:
    text = f"{PLAIN}\n{row}\n{PLAIN}"
    known = KNOWN | frozenset(SCATTERED) | {"black", "circle", "white"}
    assert score_of(text, Direction.STUDENT_TO_STAFF, known=known, points_at=row.strip()) < 0.5
    assert score_of(text, Direction.STUDENT_TO_STAFF, known=known, points_at=PLAIN) == 0.99
    assert score_of(text, Direction.STAFF_TO_STUDENT, known=known, points_at=row.strip()) == 0.99


@pytest.mark.parametrize(
    "drawing", ["\n".join(["90 " * 20] * 9), "\n".join(["\u25a0 \u25a1 " * 12] * 9), "\n".join(["\xa0 " * 60] * 9)]
)
def test_a_drawing_below_plain_words_holds_no_student(drawing: str) -> None:
    """In digits, signs or blanks: a model that never saw one finds anything in it."""
    assert score_of(PLAIN, Direction.STUDENT_TO_STAFF) >= 0.5
    assert score_of(f"{PLAIN}\n{drawing}", Direction.STUDENT_TO_STAFF) < 0.5
    assert score_of(f"{PLAIN}\n{drawing}", Direction.STAFF_TO_STUDENT) >= 0.5


@pytest.mark.parametrize(
    ("text", "failed", "expected"),
    [
        ("\n".join(each(FONTS["sticks"], "kill ", "love ")), (PICTURED,), True),
        ("\n".join(each(FONTS["sticks"], "kill ", "love ")), (), False),
        (PLAIN, (PICTURED,), False),
    ],
    ids=["dots of letters", "not reported", "words beside a picture"],
)
def test_words_that_are_dots_of_letters_are_uncertain(text: str, failed: tuple[str, ...], expected: bool) -> None:
    pieces = ((0, Passage("1", 0, text, PassageKind.NEW), NormalizedText(text)),)
    assert is_uncertain(PipelineText(PassageKind.NEW, text, pieces, 0), failed) is expected
