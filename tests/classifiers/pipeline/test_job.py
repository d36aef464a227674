"""The direction of a message, and its encoding for the pipe."""

from __future__ import annotations

from classifiers.pipeline.job import MIXED_DIRECTION, direction_of
from gateway.core.messages.parties import Direction, Pair


def test_the_direction_of_pairs() -> None:
    there = Pair("a", "t", "s", Direction.STAFF_TO_STUDENT)
    back = Pair("b", "t", "s", Direction.STUDENT_TO_STAFF)
    assert direction_of([there, there]) == "staff_to_student"
    assert direction_of([there, back]) == direction_of([]) == MIXED_DIRECTION
