"""Disguises change the text of an example and nothing else."""

from __future__ import annotations

import pytest

from classifiers.training.examples.disguises import DISGUISES, disguise
from tests.classifiers.training.made_examples import make_example


@pytest.mark.parametrize("name", DISGUISES)
def test_disguises_change_only_the_text(name: str) -> None:
    plain = make_example("x", "Meet me behind the school tonight, nobody needs to know about our plan")
    changed = disguise(plain, name, share=1.0)
    assert changed == disguise(plain, name, share=1.0)
    assert changed.text != plain.text
    assert changed.labels == plain.labels
