"""The corpus is complete, and its splits leak nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.pipeline.model_files import SHIPPED, learned_sources
from classifiers.training.examples.labeled import (
    BLOCK,
    CALIBRATION,
    DEGREES,
    FOLDS,
    LABELS,
    ORIGINAL_NAMES,
    TEST,
    Example,
    assign_folds,
    assign_folds_by_seeds,
    example_from_row,
    load_corpus,
    load_development_set,
    load_evaluation_set,
    near_duplicates,
)
from gateway.core.fault import Fault
from tests.classifiers.training.made_examples import make_example


@pytest.fixture(scope="module")
def corpus() -> list[Example]:
    return load_corpus()


@pytest.fixture(scope="module")
def splits(corpus: list[Example]) -> list[list[int]]:
    """The folds of the corpus by the seeds 1 and 2."""
    return assign_folds_by_seeds(corpus, (1, 2))


def test_the_corpus_is_complete_and_has_known_labels(corpus: list[Example]) -> None:
    assert sum(not example.degree for example in corpus) == 63_892
    assert len({example.id for example in corpus}) == len(corpus)
    assert {label for example in corpus for label in example.labels} <= set(LABELS)
    assert not [example.id for example in corpus if example.help and example.sender == "staff"]


def test_distress_and_degree_are_unknown_where_a_row_does_not_say(corpus: list[Example]) -> None:
    row = {"id": "a-1", "text": "i cant stop crying", "channel": "sms", "from": "student", "labels": [], "purpose": ""}
    row |= {"help_seeking": False, "hold": False, "lang": "en", "hard": False}
    unknown = example_from_row(row, "a")
    assert (unknown.distress, unknown.degree) == (None, "")
    assert "distress" not in unknown.known
    assert not example_from_row({**row, "help_seeking": True}, "a").known & {"help", "distress"}
    assert "distress" in example_from_row({**row, "from": "staff"}, "a").known
    known = example_from_row({**row, "distress": True, "degree": "clear"}, "a")
    assert (known.distress, known.degree, known.help) == (True, "clear", False)
    assert known.labels == {"distress"}
    assert known.known >= {"help", "distress"}
    assert example_from_row({**row, "distress": False}, "a").distress is False
    assert {example.degree for example in corpus} <= {"", *DEGREES}
    assert not [example.id for example in corpus if example.distress and (example.help or example.sender == "staff")]


def test_neighbors_stay_together_and_folds_depend_on_the_seed(corpus: list[Example], splits: list[list[int]]) -> None:
    folds, other = splits
    assert folds != other
    few = corpus[::10]
    assert assign_folds_by_seeds(few, (2, 1)) == [assign_folds(few, 2), assign_folds(few, 1)]
    assert set(folds) == {TEST, CALIBRATION, *range(FOLDS)}
    assert 0.03 < folds.count(-1) / len(folds) < 0.1
    first = [fold for example, fold in zip(corpus, folds, strict=True) if example.source == corpus[0].source]
    for at in range(0, len(first), BLOCK):
        assert len(set(first[at : at + BLOCK])) == 1


def test_near_duplicates_are_never_on_both_sides_of_a_split() -> None:
    text = "please remember to bring the signed permission slip for the museum trip on friday morning"
    examples = [
        make_example(f"a{number}", f"{number} something else entirely, number {number * 7}") for number in range(400)
    ]
    examples[3] = make_example("twin-1", text)
    examples[333] = make_example("twin-2", text + " thanks")
    for folds in assign_folds_by_seeds(examples, range(12)):
        assert folds[3] == folds[333]


def test_evaluation_sets_share_nothing_with_the_corpus(corpus: list[Example]) -> None:
    chosen, measured = load_development_set(), load_evaluation_set()
    assert not {example.id for example in (*chosen, *measured)} & {example.id for example in corpus}
    assert not near_duplicates([*chosen, *measured], corpus)
    assert not near_duplicates(measured, chosen)


def test_renamed_files_keep_the_split_of_the_shipped_model(corpus: list[Example], splits: list[list[int]]) -> None:
    assert {example.source for example in corpus} >= set(ORIGINAL_NAMES)
    learned = learned_sources(SHIPPED)
    assert set(ORIGINAL_NAMES.values()) <= learned
    folds = zip(corpus, splits[0], strict=True)  # later files must not move a row of the earlier ones
    tested = sum(fold == TEST for example, fold in folds if not example.degree)
    assert tested == 3640  # the size that the model card names


def test_a_missing_corpus_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="give --corpus FOLDER"):
        load_corpus(tmp_path)
    with pytest.raises(Fault, match="give --corpus FOLDER"):
        load_evaluation_set(tmp_path)
