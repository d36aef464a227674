"""A round of faults. `make chaos` plays many; CHAPERONE_CHAOS_SEED repeats a run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.rounds import Rounds, chosen_seed
from tests.chaos.site import SITES

SEED = chosen_seed()
ROUNDS = int(os.environ.get("CHAPERONE_CHAOS_ROUNDS", "1"))

pytestmark = pytest.mark.peer("cc")


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("kafka", "postgresql"))])
def test_nothing_is_lost_or_leaked(tmp_path: Path, store: str) -> None:
    """Kills, cuts, clock steps, a full disk, the database and the broker away: every accepted message arrives or is
    held."""
    print(f"CHAPERONE_CHAOS_SEED={SEED}")
    with SITES[store](tmp_path, processes=1) as site:
        report = Rounds(site, store, SEED, print).play(ROUNDS)
    assert not report.failures, "\n".join([f"seed {SEED}", *report.failures, *report.notes])
    assert report.counts["accepted"] > 3 * ROUNDS
