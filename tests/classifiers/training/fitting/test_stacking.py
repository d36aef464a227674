"""The point to hold can be moved once a stacking is fitted."""

from __future__ import annotations

import numpy as np

from classifiers.components.stacking import Stacking
from classifiers.training.fitting.linear_and_head import HEADS
from classifiers.training.fitting.stacking import move_hold_point
from gateway.core.policy.clauses import HELD


def test_only_clauses_that_are_held_move() -> None:
    nothing = np.zeros(len(HEADS), np.float32)
    stacking = Stacking(nothing, nothing, nothing, nothing, nothing, nothing)
    moved = move_hold_point(HEADS, stacking, 0.25)
    assert {name for name, by in zip(HEADS, moved.shift, strict=True) if by == 0.25} == set(HELD)
    assert moved.shift.sum() == 0.25 * len(HELD)
    assert not stacking.shift.any()
