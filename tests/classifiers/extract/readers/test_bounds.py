"""Readers are bounded: hostile inputs cost linear time, and mutated files cause no exception and no gibberish."""

from __future__ import annotations

import pytest

from tests.differential.file_mutations import GROWING, all_mutations
from tests.differential.fuzz_files import check, read_hostile
from tests.growth import grows_linearly


@pytest.mark.slow
@pytest.mark.parametrize("name", GROWING)
def test_cost_grows_with_the_size_at_most(name: str) -> None:
    assert grows_linearly(read_hostile, GROWING[name], 10_000, 100_000, 1_000_000)


def test_mutated_files_are_read_within_bounds() -> None:
    wrong = {(name, problem) for name, data in all_mutations(1, 750) if (problem := check(name, data))}
    assert not wrong
