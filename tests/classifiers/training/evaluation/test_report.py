"""A model is measured on messages that it has not learned from."""

from __future__ import annotations

from pathlib import Path

from classifiers.training.evaluation.report import held_out_split
from classifiers.training.examples.labeled import corpus_files


def test_the_held_out_split_depends_on_the_seed_of_the_model(tmp_path: Path) -> None:
    for path in corpus_files()[::10]:
        (tmp_path / path.name).symlink_to(path)
    first, second, common = (
        {example.id for example in held_out_split(*seeds, corpus=tmp_path)} for seeds in ((1,), (2,), (1, 2))
    )
    assert common
    assert common < first
    assert common <= second
