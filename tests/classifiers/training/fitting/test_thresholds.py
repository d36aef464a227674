"""Thresholds keep to their rates of false holds and false alarms."""

from __future__ import annotations

import numpy as np

from classifiers.training.examples.labeled import (
    LABELS,
)
from classifiers.training.fitting.linear_and_head import HEADS
from classifiers.training.fitting.thresholds import (
    HELP_ALARMS,
    HELP_RECALL,
    ORDINARY_FLAGS,
    ORDINARY_HOLDS,
    hold_shifts,
)
from gateway.core.policy.clauses import HELD
from tests.classifiers.training.made_examples import make_example


def test_the_threshold_keeps_to_its_rate_of_false_holds() -> None:
    random_source = np.random.default_rng(0)
    examples = [make_example(f"m{n}", "x", labels=frozenset({"7a", "hold"} if n % 4 == 0 else ())) for n in range(2000)]
    examples += [make_example(f"h{n}", "x", labels=frozenset({"help"}), sender="student") for n in range(50)]
    examples += [make_example(f"s{n}", "x", sender="student") for n in range(50)]
    examples += [
        make_example(f"c{n}", "x", labels=frozenset({"1", "4", "6"} | ({"hold"} if n % 2 else set())))
        for n in range(50)
    ]
    logits = random_source.normal(size=(len(examples), len(HEADS))).astype(np.float32)
    shift = hold_shifts(HEADS, logits, examples)
    holding = [HEADS.index(name) for name in ("7a", "7b", "7c", "7d", "7e", "8", "9")]
    clean = np.array([not example.labels for example in examples])
    held = ((logits + shift)[:, holding] > 0).any(axis=1)
    assert 0 < held[clean].mean() <= 0.011


def test_hard_clean_messages_limit_the_threshold_too() -> None:
    examples = [make_example(f"e{n}", "x") for n in range(400)]
    examples += [make_example(f"h{n}", "x", hard=True) for n in range(100)]
    examples += [make_example(f"o{n}", "x", labels=frozenset(LABELS), sender="student") for n in range(100)]
    examples += [make_example(f"s{n}", "x", sender="student") for n in range(100)]
    logits = np.full((len(examples), len(HEADS)), -4.0, np.float32)
    logits[400:500] = np.linspace(-3, 3, 100)[:, None]  # hard ones look bad
    shift = hold_shifts(HEADS, logits, examples)
    held = logits[:, HEADS.index("7a")] + shift[HEADS.index("7a")] > 0
    assert held[:400].sum() == 0
    assert 0 < held[400:500].sum() <= 3


def test_likely_requests_for_help_do_not_move_the_threshold() -> None:
    examples = [make_example(f"e{n}", "x") for n in range(400)]
    examples += [make_example(f"h{n}", "x", hard=True) for n in range(100)]
    examples += [make_example(f"c{n}", "x", hard=True, sender="student") for n in range(20)]
    examples += [make_example(f"s{n}", "x", sender="student") for n in range(200)]
    examples += [make_example(f"o{n}", "x", labels=frozenset(LABELS), sender="student") for n in range(50)]
    help_column, held = HEADS.index("help"), [HEADS.index("7a"), HEADS.index("7d")]
    logits = np.full((len(examples), len(HEADS)), -4.0, np.float32)
    logits[400:500, held] = np.linspace(-3, 3, 100)[:, None]
    without = hold_shifts(HEADS, logits, examples)[held]
    # far above both thresholds: requests for help all the same
    logits[500:520, held], logits[500:520, help_column] = 6.0, 9.0
    assert np.array_equal(hold_shifts(HEADS, logits, examples)[held], without)
    logits[500:520, help_column] = -4.0  # no requests for help: their false holds count
    assert (hold_shifts(HEADS, logits, examples)[held] < without - 2).all()


def test_help_is_recognized_within_the_rate_of_false_alarms() -> None:
    random_source = np.random.default_rng(2)
    examples = [make_example(f"s{n}", "x", sender="student") for n in range(500)]
    examples += [make_example(f"h{n}", "x", sender="student", labels=frozenset({"help"})) for n in range(50)]
    examples += [make_example(f"t{n}", "x", labels=frozenset({"1", "hold", "6", "4"})) for n in range(50)]
    logits = random_source.normal(size=(len(examples), len(HEADS))).astype(np.float32)
    logits[500:550, HEADS.index("help")] += 9
    alarmed = logits[:, HEADS.index("help")] + hold_shifts(HEADS, logits, examples)[HEADS.index("help")] > 0
    assert alarmed[:500].mean() <= HELP_ALARMS
    assert alarmed[500:550].mean() >= HELP_RECALL - 0.02


def test_recall_of_danger_comes_before_the_rates_of_false_alarms() -> None:
    random_source = np.random.default_rng(3)
    examples = [make_example(f"s{n}", "x", sender="student", degree="plain") for n in range(500)]
    examples += [make_example(f"h{n}", "x", sender="student", labels=frozenset({"help"})) for n in range(100)]
    examples += [make_example(f"t{n}", "x", labels=frozenset({"1", "hold", "6", "4"})) for n in range(50)]
    logits = random_source.normal(size=(len(examples), len(HEADS))).astype(np.float32)
    help_column = HEADS.index("help")
    logits[500:600, help_column] += 1  # nearly the same as ordinary talk
    alarmed = logits[:, help_column] + hold_shifts(HEADS, logits, examples)[help_column] >= 0
    assert alarmed[500:600].mean() >= HELP_RECALL - 0.02


def test_ordinary_talk_limits_holds_and_flags() -> None:
    random_source = np.random.default_rng(4)
    examples = [make_example(f"e{n}", "x", degree="plain") for n in range(4000)]
    examples += [make_example(f"b{n}", "x", labels=frozenset({"1", "4", "6", "7a", "hold"})) for n in range(300)]
    logits = random_source.normal(size=(len(examples), len(HEADS))).astype(np.float32)
    logits[4000:] += 2
    above = logits + hold_shifts(HEADS, logits, examples) > 0
    assert above[:4000, HEADS.index("6")].mean() <= ORDINARY_FLAGS
    assert above[:4000][:, [HEADS.index(clause) for clause in HELD]].any(axis=1).mean() <= ORDINARY_HOLDS
    assert above[4000:, HEADS.index("6")].any()
