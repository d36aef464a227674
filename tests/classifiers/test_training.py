"""How the corpora are split, made more of and measured: nothing leaks, and figures are what they say."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from classifiers.training.evaluation.metrics import calibration, quality, rate
from classifiers.training.evaluation.report import test_split
from classifiers.training.examples.augmentation import augment
from classifiers.training.examples.disguises import DISGUISES, disguise
from classifiers.training.examples.labeled import (
    BLOCK,
    FOLDS,
    LABELS,
    Example,
    assign_folds,
    load_corpus,
    load_development_set,
    load_evaluation_set,
    near_duplicates,
)
from classifiers.training.examples.public_sets import read_public_sets
from classifiers.training.fitting.linear_and_head import HEADS, fit_head
from classifiers.training.fitting.thresholds import HELP_ALARMS, hold_shifts


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return load_corpus()


def test_the_corpus_is_whole_and_labelled_with_known_words(corpus: list[Example]) -> None:
    assert len(corpus) == 63_892
    assert len({each.id for each in corpus}) == len(corpus)
    assert {label for each in corpus for label in each.labels} <= set(LABELS)
    assert not [each.id for each in corpus if each.help and each.sender == "staff"]


def test_neighbours_stay_together_and_a_seed_says_it_all(corpus: list[Example]) -> None:
    found = assign_folds(corpus, 1)
    assert found == assign_folds(corpus, 1)
    assert found != assign_folds(corpus, 2)
    assert set(found) == {-1, *range(FOLDS)}
    assert 0.03 < found.count(-1) / len(found) < 0.1
    first = [fold for each, fold in zip(corpus, found, strict=True) if each.source == corpus[0].source]
    for at in range(0, len(first), BLOCK):
        assert len(set(first[at : at + BLOCK])) == 1


def test_near_duplicates_are_never_on_both_sides() -> None:
    text = "please remember to bring the signed permission slip for the museum trip on friday morning"
    made = [_example(f"a{number}", f"{number} something else entirely, number {number * 7}") for number in range(400)]
    made[3] = _example("twin-1", text)
    made[333] = _example("twin-2", text + " thanks")
    for seed in range(12):
        found = assign_folds(made, seed)
        assert found[3] == found[333]


def _example(id: str, text: str, **more: object) -> Example:
    plain = {"subject": "", "channel": "sms", "sender": "staff", "labels": frozenset(), "purpose": "other"}
    plain |= {"language": "en", "hard": False, "source": "made"}
    return Example(id=id, text=text, **(plain | more))  # type: ignore[arg-type]


def test_augmentation_uses_its_own_examples_only(corpus: list[Example]) -> None:
    mine = corpus[:400]
    made = augment(mine, 0, 1)
    texts = {each.text for each in mine}
    assert made == augment(mine, 0, 1)
    assert made
    for each in made:
        assert all(piece in texts for piece in _pieces(each.text, texts))
    assert {each.hold for each in made} == {True, False}


def _pieces(text: str, texts: set[str]) -> list[str]:
    """The longest runs of paragraphs that are texts of the corpus."""
    left, out = text.split("\n\n"), []
    while left:
        size = next((n for n in range(len(left), 0, -1) if "\n\n".join(left[:n]) in texts), 1)
        out.append("\n\n".join(left[:size]))
        left = left[size:]
    return out


def test_public_sets_are_read_for_what_they_say(tmp_path: Path) -> None:
    rows = [{"text": f"text {n}", "label": "not sexist" if n % 5 else "2. derogation"} for n in range(48)]
    (tmp_path / "edos.jsonl").write_text("\n".join(map(json.dumps, rows)))
    used, unused = list(read_public_sets(tmp_path)), list(read_public_sets(tmp_path, unseen=True))
    assert Counter(each.hold for each in used) == {False: 34, True: 10}
    assert len(unused) == 4  # one in ten
    assert not {each.id for each in used} & {each.id for each in unused}
    assert all("8" not in each.known for each in used)


@pytest.mark.parametrize("way", DISGUISES)
def test_disguises_change_words_and_nothing_else(way: str) -> None:
    plain = _example("x", "Meet me behind the school tonight, nobody needs to know about our plan")
    changed = disguise(plain, way, share=1.0)
    assert changed == disguise(plain, way, share=1.0)
    assert changed.text != plain.text
    assert changed.labels == plain.labels


def test_figures() -> None:
    said, true = np.array([True, True, False, False]), np.array([True, False, True, False])
    found = quality(said, true)
    assert (found.precision, found.recall, found.f1.value) == (0.5, 0.5, 0.5)
    share = rate([True] * 30 + [False] * 70)
    assert share.value == pytest.approx(0.3)
    assert 0.15 < share.low < 0.3 < share.high < 0.45
    assert (
        calibration(np.array([0.9] * 10 + [0.1] * 10), np.array([True] * 9 + [False] * 1 + [False] * 9 + [True])) < 0.01
    )
    assert calibration(np.array([0.9] * 10), np.array([False] * 10)) == pytest.approx(0.9)


def test_the_holding_point_keeps_to_its_rate_of_false_holds() -> None:
    draw = np.random.default_rng(0)
    made = [_example(f"m{n}", "x", labels=frozenset({"7a", "hold"} if n % 4 == 0 else ())) for n in range(2000)]
    made += [_example(f"h{n}", "x", labels=frozenset({"help"}), sender="student") for n in range(50)]
    made += [_example(f"s{n}", "x", sender="student") for n in range(50)]
    made += [
        _example(f"c{n}", "x", labels=frozenset({"1", "4", "6"} | ({"hold"} if n % 2 else set()))) for n in range(50)
    ]
    logits = draw.normal(size=(len(made), len(HEADS))).astype(np.float32)
    shift = hold_shifts(HEADS, logits, made)
    holding = [HEADS.index(name) for name in ("7a", "7b", "7c", "7d", "7e", "8", "9")]
    clean = np.array([not each.labels for each in made])
    held = ((logits + shift)[:, holding] > 0).any(axis=1)
    assert 0 < held[clean].mean() <= 0.011


def test_hard_clean_messages_bound_the_holding_point_too() -> None:
    made = [_example(f"e{n}", "x") for n in range(400)]
    made += [_example(f"h{n}", "x", hard=True) for n in range(100)]
    made += [_example(f"o{n}", "x", labels=frozenset(LABELS), sender="student") for n in range(100)]
    made += [_example(f"s{n}", "x", sender="student") for n in range(100)]
    logits = np.full((len(made), len(HEADS)), -4.0, np.float32)
    logits[400:500] = np.linspace(-3, 3, 100)[:, None]  # hard ones look bad
    shift = hold_shifts(HEADS, logits, made)
    held = logits[:, HEADS.index("7a")] + shift[HEADS.index("7a")] > 0
    assert held[:400].sum() == 0
    assert 0 < held[400:500].sum() <= 3


def test_what_is_taken_for_a_call_moves_the_holding_point_as_little_as_it_is_held() -> None:
    made = [_example(f"e{n}", "x") for n in range(400)]
    made += [_example(f"h{n}", "x", hard=True) for n in range(100)]
    made += [_example(f"c{n}", "x", hard=True, sender="student") for n in range(20)]
    made += [_example(f"s{n}", "x", sender="student") for n in range(200)]
    made += [_example(f"o{n}", "x", labels=frozenset(LABELS), sender="student") for n in range(50)]
    help_, held = HEADS.index("help"), [HEADS.index("7a"), HEADS.index("7d")]
    logits = np.full((len(made), len(HEADS)), -4.0, np.float32)
    logits[400:500, held] = np.linspace(-3, 3, 100)[:, None]
    without = hold_shifts(HEADS, logits, made)[held]
    logits[500:520, held], logits[500:520, help_] = 6.0, 9.0  # far above both points: calls all the same
    assert np.array_equal(hold_shifts(HEADS, logits, made)[held], without)
    logits[500:520, help_] = -4.0  # calls to nobody: their false holds count
    assert (hold_shifts(HEADS, logits, made)[held] < without - 2).all()


def test_calls_for_help_are_heard_as_far_as_their_false_alarms_allow() -> None:
    draw = np.random.default_rng(2)
    made = [_example(f"s{n}", "x", sender="student") for n in range(500)]
    made += [_example(f"h{n}", "x", sender="student", labels=frozenset({"help"})) for n in range(50)]
    made += [_example(f"t{n}", "x", labels=frozenset({"1", "hold", "6", "4"})) for n in range(50)]
    logits = draw.normal(size=(len(made), len(HEADS))).astype(np.float32)
    logits[500:550, HEADS.index("help")] += 3
    alarmed = logits[:, HEADS.index("help")] + hold_shifts(HEADS, logits, made)[HEADS.index("help")] > 0
    assert HELP_ALARMS - 0.02 <= alarmed[:500].mean() <= HELP_ALARMS
    assert alarmed[500:550].mean() > 0.9


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # a dozen rounds are meant
def test_what_a_reviewer_left_open_is_filled_in_by_a_first_fit() -> None:
    draw = np.random.default_rng(5)
    bad = frozenset({"7a", "hold"})
    made = [_example(f"m{n}", "x", labels=bad if n % 2 else frozenset()) for n in range(200)]
    partly = [
        _example(f"f{n}", "x", labels=bad, known=frozenset({"7a", "hold"}), purpose="", hard=True) for n in range(60)
    ]
    features = draw.normal(size=(260, 4)).astype(np.float32)
    features[:200, 0] += [3.0 if n % 2 else -3.0 for n in range(200)]
    features[200:, 0], features[200:, 1] = -3.0, 6.0  # what was released of its like until somebody rejected it
    alone = fit_head(features[:200], made, ["a", "b", "c", "d"], 1)
    taught = fit_head(features, [*made, *partly], ["a", "b", "c", "d"], 1)
    column = HEADS.index("7a")
    assert alone.logits(features[200:])[:, column].mean() < 0 < taught.logits(features[200:])[:, column].mean()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_purpose_that_is_not_known_does_not_teach_that_there_is_none() -> None:
    draw = np.random.default_rng(6)
    told = [_example(f"m{n}", "x", purpose="academic" if n % 2 else "personal") for n in range(200)]
    untold = [_example(f"u{n}", "x", purpose="") for n in range(400)]
    features = draw.normal(size=(600, 4)).astype(np.float32)
    features[:200, 0] += [3.0 if n % 2 else -3.0 for n in range(200)]
    features[200:, 0] += 3.0  # they look academic all of them
    column = HEADS.index("purpose:academic")
    taught = fit_head(features, [*told, *untold], ["a", "b", "c", "d"], 1)
    assert (taught.logits(features[1:200:2])[:, column] > 0).mean() > 0.9


def test_a_model_is_measured_on_what_its_own_seed_kept_apart() -> None:
    one, both = {each.id for each in test_split(1)}, {each.id for each in test_split(1, 2)}
    assert both
    assert both < one
    assert both <= {each.id for each in test_split(2)}


def test_nothing_that_is_measured_on_is_learned_from(corpus: list[Example]) -> None:
    chosen, measured = load_development_set(), load_evaluation_set()
    assert not {each.id for each in (*chosen, *measured)} & {each.id for each in corpus}
    assert not near_duplicates(chosen, corpus)
    assert not near_duplicates(measured, [*corpus, *chosen])
