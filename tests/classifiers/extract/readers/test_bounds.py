"""Readers are bounded: hostile inputs cost linear time, and mutated files cause no exception and no gibberish."""

from __future__ import annotations

import pytest

from tests.differential.file_mutations import GROWING, all_mutations
from tests.differential.fuzz_files import check, growth


@pytest.mark.parametrize("name", GROWING)
def test_cost_grows_with_the_size_at_most(name: str) -> None:
    small, large = growth(name, (20_000, 200_000))
    # the second covers what a reader loads when it is first used; the test of a megabyte bounds the rest
    assert large < 25 * small + 1.0, f"{small:.3f} s, then {large:.3f} s"


@pytest.mark.slow
@pytest.mark.parametrize("name", GROWING)
def test_a_hostile_file_of_a_megabyte_is_read_in_seconds(name: str) -> None:
    (seconds,) = growth(name, (1_000_000,))
    assert seconds < 3


def test_mutated_files_are_read_within_bounds() -> None:
    wrong = {(name, problem) for name, data in all_mutations(1, 750) if (problem := check(name, data))}
    assert not wrong
