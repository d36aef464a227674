"""The audit chain: every change, removal and reordering is found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.audit.chain import (
    GENESIS,
    ChainedEntry,
    ChainFault,
    ChainHead,
    ChainVerifier,
    chain_entries,
    entry_hash,
    parse_entry,
    verify,
)
from gateway.core.policy.decision import Action, AuditEntry
from tests.core.samples import NOW

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=3,
)
acts = st.builds(
    AuditEntry, st.floats(0, 4e9), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8),
    st.dictionaries(st.text(max_size=5), json_values, max_size=3),
)  # fmt: skip
chains = st.lists(acts, min_size=1, max_size=6).map(lambda made: list(chain_entries(made)))
ACT = AuditEntry(NOW, "rcastellano", "released", "01m0", {"clauses": ["7a"], "count": 2})


def test_hash_never_changes():
    """Exported chains must verify forever."""
    text = (
        '{"act":"released","actor":"rcastellano","at":1795534200.125,"detail":{"clauses":["7a"],"count":2},"number":1,'
        f'"previous":"{GENESIS}","subject":"01m0"}}'
    )
    assert entry_hash(GENESIS, 1, ACT) == hashlib.sha256(text.encode()).hexdigest()


@given(chains)
def test_intact_chain_verifies_in_pages_and_after_an_export(rows):
    assert verify(rows) is None
    assert verify(rows[3:], rows[2] if len(rows) > 2 else None) is None or len(rows) <= 2
    assert verify(rows, last=rows[-1]) is None
    exported = [json.dumps(row.document()) for row in rows]
    assert verify([parse_entry(json.loads(line)) for line in exported]) is None


@given(chains, st.data())
def test_a_changed_row_is_found(rows, data):
    at = data.draw(st.integers(0, len(rows) - 1))
    row = rows[at]
    name = data.draw(st.sampled_from(["at", "actor", "act", "subject", "detail"]))
    value = getattr(data.draw(acts), name)
    changed = replace(row, entry=replace(row.entry, **{name: value}))
    assume(entry_hash(row.previous, row.number, changed.entry) != row.hash)
    assert name == "detail" or getattr(row.entry, name) != value
    rows[at] = changed
    assert verify(rows).number == row.number
    # A corrected hash of that row shows at the next row, or at the known end.
    rehashed = replace(changed, hash=entry_hash(row.previous, row.number, changed.entry))
    found = verify([*rows[:at], rehashed, *rows[at + 1 :]], last=None if at < len(rows) - 1 else row)
    assert found.number == (row.number + 1 if at < len(rows) - 1 else row.number)


@given(chains, st.data())
def test_a_removed_row_is_found(rows, data):
    at = data.draw(st.integers(0, len(rows) - 1))
    last = rows[-1]
    assert verify(rows[:at] + rows[at + 1 :], last=last).number == at + 1
    if at < len(rows) - 1:
        assert verify(rows[:at] + rows[at + 1 :]).number == at + 1


@given(chains, st.data())
def test_removed_row_is_found_after_renumbering(rows, data):
    assume(len(rows) > 1)
    at = data.draw(st.integers(0, len(rows) - 2))
    moved = [replace(row, number=row.number - 1) for row in rows[at + 1 :]]
    assert verify(rows[:at] + moved).number == at + 1


@given(chains, st.randoms())
def test_reordering_is_found(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    assume(mixed != rows)
    assert verify(mixed) is not None
    numbered = [replace(row, number=number) for number, row in enumerate(mixed, start=1)]
    assert verify(numbered) is not None


def test_duplicate_row_is_found():
    rows = list(chain_entries([ACT, ACT]))
    assert verify([rows[0], rows[0], rows[1]]) == ChainFault(1, "is out of order, or occurs twice")
    assert rows[0].hash != rows[1].hash


def test_hash_is_independent_of_the_database():
    same = AuditEntry(NOW + 1e-7, "rcastellano", "released", "01m0", {"count": 2.0, "clauses": ("7a",)})
    assert entry_hash(GENESIS, 1, same) == entry_hash(GENESIS, 1, ACT)
    assert entry_hash(GENESIS, 1, AuditEntry(0, "a", "b", "", {"action": Action.HOLD})) == entry_hash(
        GENESIS, 1, AuditEntry(0, "a", "b", "", {"action": "hold"})
    )


def test_chain_continues_after_a_row():
    first = list(chain_entries([ACT]))
    more = list(chain_entries([ACT], first[0]))
    assert (more[0].number, more[0].previous) == (2, first[0].hash)
    assert verify([*first, *more]) is None


@pytest.mark.parametrize("document", [{}, {"number": "1"}, ChainedEntry(1, "", "", ACT).document() | {"detail": []}])
def test_invalid_row_is_refused(document):
    with pytest.raises(ValueError, match="not an entry"):
        parse_entry(document)


@given(chains, st.integers(1, 3), st.data())
def test_missing_rows_at_the_end_are_found(rows, size, data):
    """The stored end of the chain shows it; rows linked later are no fault."""
    known = data.draw(st.integers(1, len(rows)))
    left = data.draw(st.integers(0, len(rows)))
    walk, found = ChainVerifier(ChainHead(known, rows[known - 1].hash)), None
    pages = [rows[at : min(at + size, left)] for at in range(0, left, size)]
    for page in (*pages, []):
        found = found or walk.page(page)
    assert (found is None) == (left >= known)
    assert found is None or found.number == left + 1


def test_missing_chain_end_is_found():
    rows = list(chain_entries([ACT, ACT]))
    walk = ChainVerifier(None)
    assert walk.page(rows) is None
    assert walk.page([]) is not None
    assert ChainVerifier(None).page([]) is None, "nothing was ever linked"


@pytest.mark.parametrize(
    "act",
    [
        replace(ACT, at="yesterday"), replace(ACT, at=float("nan")), replace(ACT, at=None),
        replace(ACT, actor=b"\xff"), replace(ACT, detail={"count": float("inf")}),
    ],
)  # fmt: skip
def test_unchainable_value_is_a_changed_row(act):
    first, second = chain_entries([ACT, ACT])
    assert verify([first, replace(second, entry=act)]) == ChainFault(2, "changed")
