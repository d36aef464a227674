"""When encoders run, and how their logits are combined with the head's."""

from __future__ import annotations

import numpy as np

from classifiers.components.stacking import (
    Stacking,
    combined_logits,
    needs_encoder,
    pool_windows,
    resolve_help,
    resolve_hold,
    shortness,
    stacked_logits,
)
from classifiers.training.fitting.linear_and_head import HEADS
from gateway.core.policy.clauses import HELD


def test_labels_are_pooled_by_maximum_and_purposes_by_mean() -> None:
    logits = pool_windows(np.array([[1.0, -2.0, 4.0], [3.0, -4.0, 0.0]], np.float32), 1)
    assert logits.tolist() == [3.0, -2.0, 2.0]


def test_an_encoder_runs_where_a_logit_exceeds_its_gate() -> None:
    gate = np.full(len(HEADS), np.inf, np.float32)
    gate[[HEADS.index("7a"), HEADS.index("help")]] = -1.0
    hold, call, nothing = np.full((3, len(HEADS)), -9.0, np.float32)
    hold[HEADS.index("7a")] = call[HEADS.index("help")] = -0.5
    nothing[HEADS.index("6")] = 99.0
    for direction, asked in (("staff_to_student", False), ("student_to_staff", True), ("", True)):
        assert needs_encoder(HEADS, hold, gate, direction)
        assert needs_encoder(HEADS, call, gate, direction) is asked
        assert not needs_encoder(HEADS, nothing, gate, direction)


def test_an_encoder_may_clear_what_would_be_alerted_without_it() -> None:
    gate, nothing = np.full(len(HEADS), np.inf, np.float32), np.full(len(HEADS), -9.0, np.float32)
    for direction, reads in (("staff_to_student", False), ("student_to_staff", True), ("", True)):
        assert needs_encoder(HEADS, nothing, gate, direction, help_before=0.5) is reads
        assert not needs_encoder(HEADS, nothing, gate, direction, help_before=0.49)


def test_an_excerpt_is_read_for_help_only_where_its_higher_score_can_be_reached() -> None:
    gate, hold = np.full(len(HEADS), -1.0, np.float32), np.full(len(HEADS), -9.0, np.float32)
    hold[[HEADS.index(name) for name in ("7a", "distress")]] = 9.0
    call, likely_call = hold.copy(), hold.copy()
    call[HEADS.index("help")], likely_call[HEADS.index("help")] = 0.0, 0.2  # the logit of 0.75 is 1.1
    for logits, reads in ((hold, False), (call, False), (likely_call, True)):
        assert needs_encoder(HEADS, logits, gate, "student_to_staff", help_from=0.75) is reads
    assert needs_encoder(HEADS, hold, gate, "student_to_staff", help_before=0.75, help_from=0.75)
    assert not needs_encoder(HEADS, hold, gate, "student_to_staff", help_before=0.74, help_from=0.75)


def test_stacked_logits_are_all_logits_and_their_maxima() -> None:
    head = np.arange(len(HEADS), dtype=np.float32)[None]
    stacked = stacked_logits(HEADS, [head, -head])
    assert stacked.shape == (1, 2 * len(HEADS) + 3)
    nine, first = HEADS.index("9"), HEADS.index("7a")
    assert stacked[0, -3:].tolist() == [nine, -first, 0]


def test_the_likeliest_clause_gets_the_hold_logit_and_caps_the_others() -> None:
    logits = np.full((1, len(HEADS)), -9.0, np.float32)
    logits[0, [HEADS.index(name) for name in ("hold", "7a", "7d", "8")]] = 2.0, 5.0, 4.0, -1.0
    out = resolve_hold(HEADS, logits, point=1.5)[0]
    assert out[HEADS.index("7a")] == 2.0
    assert out[HEADS.index("7d")] == 2.0  # never above the likeliest
    assert out[HEADS.index("8")] == 0.5  # its own, moved as the point to hold is
    assert out[HEADS.index("4")] == -9.0


def test_a_stacking_combines_as_many_models_as_it_has_weights_for() -> None:
    count = len(HEADS)
    none = np.full(count, np.inf)
    stacking = Stacking(
        np.zeros((3 * count + 4, count), np.float32), np.ones(count, np.float32), *[np.zeros(count)] * 2, none,
        np.zeros(count),
    )  # fmt: skip
    assert stacking.logits(HEADS, [np.zeros((2, count), np.float32)] * 3, np.array([5, 9])).shape == (2, count)


def test_a_clause_above_its_own_point_is_held_whatever_the_regression_says() -> None:
    count, clause = len(HEADS), HEADS.index("7c")
    clause_points = np.full(count, np.inf, np.float32)
    clause_points[clause] = 1.0
    weights, bias = np.zeros((2 * count + 3, count), np.float32), np.full(count, -9.0, np.float32)
    shift = np.full(count, -2.0, np.float32)
    stacking = Stacking(weights, bias, shift, np.zeros(count, np.float32), clause_points, np.zeros(count, np.float32))
    logits = np.zeros((2, count), np.float32)
    logits[1, clause] = 1.5
    below, above = stacking.logits(HEADS, [logits, logits], np.array([9, 9])) + shift
    assert below[clause] < 0 < above[clause]
    assert not (np.delete(above, clause) > 0).any()


def test_the_same_evidence_never_scores_higher_in_fewer_words() -> None:
    count = len(HEADS)
    random = np.random.default_rng(5)
    weights = random.normal(size=(2 * count + 3, count)).astype(np.float32)
    little = np.abs(random.normal(size=count)).astype(np.float32)
    little[[HEADS.index("help"), HEADS.index("distress")]] = 0.0
    little[[HEADS.index(clause) for clause in HELD]] = 0.0
    stacking = Stacking(weights, *[np.zeros(count, np.float32)] * 3, np.full(count, np.inf), little)
    lengths = np.arange(0, 80)
    readings = [np.repeat(random.normal(size=(1, count)).astype(np.float32), len(lengths), axis=0)] * 2
    rows = stacking.logits(HEADS, readings, lengths)
    assert (np.diff(rows, axis=0) >= -1e-5).all()
    hold = rows[:, [HEADS.index(clause) for clause in HELD]].max(axis=1)
    assert hold[0] < hold[10] < hold[79]
    assert (shortness(lengths) <= 1).all()
    assert (np.diff(shortness(lengths)) < 0).all()


def test_help_is_against_distress_and_neither_while_distress_may_stand_beside_it() -> None:
    logits = np.full((2, len(HEADS)), -9.0, np.float32)
    logits[0, [HEADS.index("help"), HEADS.index("distress")]] = 3.0, 5.0
    logits[1, [HEADS.index("help"), HEADS.index("distress")]] = 3.0, -5.0
    likely_distress, danger = resolve_help(HEADS, logits)
    assert likely_distress[HEADS.index("help")] < 0 < danger[HEADS.index("help")]
    assert likely_distress[HEADS.index("distress")] == 5.0


def test_a_bounded_output_counts_little_for_others_and_in_full_for_itself() -> None:
    count, purpose, hold = len(HEADS), HEADS.index("purpose:personal"), HEADS.index("hold")
    weights = np.zeros((count + 2, count), np.float32)
    weights[purpose, [purpose, hold]] = 1.0
    bounds = np.full(count, np.inf, np.float32)
    bounds[purpose] = 2.0
    logits = np.zeros((2, count), np.float32)
    logits[:, purpose] = -9.0, 1.0
    out = combined_logits(HEADS, [logits], weights, np.zeros(count, np.float32), bounds)
    assert out[:, purpose].tolist() == [-9.0, 1.0]
    assert out[:, hold].tolist() == [-2.0, 1.0]
    assert combined_logits(HEADS, [logits], weights, np.zeros(count, np.float32), None)[0, hold] == -9.0


def test_texts_in_spanish_have_a_gate_of_their_own_where_it_was_fitted() -> None:
    nothing, low = np.zeros(len(HEADS), np.float32), np.full(len(HEADS), -3.0, np.float32)
    stacking = Stacking(*[nothing] * 6, spanish_gate=low)
    assert stacking.gate_for("es") is low
    assert stacking.gate_for("en") is stacking.gate
    assert Stacking(*[nothing] * 6).gate_for("es") is nothing
