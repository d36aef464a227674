"""What models say of a student's damaged text holds nothing."""

from __future__ import annotations

import pytest

from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.tokens import words_of
from classifiers.pipeline.readability import without_guesses
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding
from gateway.core.policy.clauses import HELD

PLAIN = "my stepdad hits me every night and i am scared to go home please help me"
KNOWN = frozenset(PLAIN.split())
DAMAGED = (
    "my ste hi m eve nig an i a sca to g ho ple he m pdad ts e ry ht d m red o me ase lp e",
    "timi tipa tidras titro timepe tiga titodas tilas tinoches tiy titengo tiayuda my every night home please",
    "m p h s e e n h n i m c r d o o o e l a e e p e y t d d i t m y i h night home scared",
)


def score_of(text: str, direction: Direction) -> float:
    """The score of a clause that holds, after a model was sure of it."""
    noted = TextAnnotations(text=text, words=words_of(text))
    noted.direction = str(direction)
    found, _ = without_guesses([Finding(sorted(HELD)[0], 0.99, "linear")], noted, KNOWN)
    return max((finding.score for finding in found), default=0.0)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_student_is_not_held_for_what_is_no_language(text: str) -> None:
    assert score_of(text, Direction.STUDENT_TO_STAFF) < score_of(PLAIN, Direction.STUDENT_TO_STAFF) == 0.99
