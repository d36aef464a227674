"""The point to hold can be moved once a stacking is fitted; gates lose few students in need."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.components.stacking import Stacking
from classifiers.training.examples.labeled import Example
from classifiers.training.fitting.linear_and_head import HEADS
from classifiers.training.fitting.stacking import (
    MIN_SPANISH,
    MISSED_NEED,
    encoder_gates,
    fit_spanish_gate,
    move_hold_point,
)
from gateway.core.policy.clauses import HELD


def test_only_clauses_that_are_held_move() -> None:
    nothing = np.zeros(len(HEADS), np.float32)
    stacking = Stacking(nothing, nothing, nothing, nothing, nothing, nothing)
    moved = move_hold_point(HEADS, stacking, 0.25)
    assert {name for name, by in zip(HEADS, moved.shift, strict=True) if by == 0.25} == set(HELD)
    assert moved.shift.sum() == 0.25 * len(HELD)
    assert not stacking.shift.any()


def test_help_and_distress_share_a_gate_that_only_those_found_decide() -> None:
    random = np.random.default_rng(11)
    needs = [("help", "distress")[number % 2] for number in range(400)]
    examples = [_student(frozenset({need})) for need in needs] + [_staff()] * 10
    logits = random.normal(size=(len(examples), len(HEADS))).astype(np.float32)
    both = [HEADS.index("help"), HEADS.index("distress")]
    found = np.ones(logits.shape, bool)
    logits[:40, both], found[:40] = -50.0, False  # nobody finds these, so no encoder need read them
    gate = encoder_gates(HEADS, logits, examples, 0.1, found)
    assert gate[both[0]] == gate[both[1]]
    missed = (logits[40:400, both].max(axis=1) <= gate[both[0]]).mean()
    assert 0 < missed <= MISSED_NEED + 0.01


def test_more_of_the_messages_in_spanish_reach_the_encoders() -> None:
    random = np.random.default_rng(3)
    examples = [_staff("es" if number % 2 else "en") for number in range(2 * MIN_SPANISH)]
    logits = random.normal(size=(len(examples), len(HEADS))).astype(np.float32)
    gate = encoder_gates(HEADS, logits, examples, 0.1, np.zeros(logits.shape, bool))
    own = fit_spanish_gate(HEADS, logits, examples, 0.4, gate)
    assert own is not None
    held, others = [HEADS.index(name) for name in HELD], [HEADS.index("help"), HEADS.index("6")]
    in_spanish = logits[1::2][:, held].max(axis=1)
    assert (in_spanish > own[held[0]]).mean() == pytest.approx(0.4, abs=0.02)
    assert own[others].tolist() == gate[others].tolist()
    assert fit_spanish_gate(HEADS, logits, examples[:-2], 0.4, gate) is None  # too few


def _student(labels: frozenset[str]) -> Example:
    return Example("1", "text", "", "sms", "student", labels, "personal", "en", False, "made")


def _staff(language: str = "en") -> Example:
    return Example("2", "text", "", "sms", "staff", frozenset(), "personal", language, False, "made")
