"""A model is measured on messages that it has not learned from."""

from __future__ import annotations

from classifiers.training.evaluation.report import held_out_split


def test_the_held_out_split_depends_on_the_seed_of_the_model() -> None:
    first, common = {example.id for example in held_out_split(1)}, {example.id for example in held_out_split(1, 2)}
    assert common
    assert common < first
    assert common <= {example.id for example in held_out_split(2)}
