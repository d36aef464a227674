"""Clause ids: how they are written and sorted, and which of them hold messages."""

from __future__ import annotations

import pytest

from gateway.core.policy.clauses import BUILT_IN, FLAGGED, HELD, clause_order, holds_messages, is_clause_id


def test_built_in_clauses_are_sorted():
    assert BUILT_IN == ("1", "2", "4", "5", "6", "7a", "7b", "7c", "7d", "7e", "8", "9")
    assert sorted(["10", "9", "7b", "7", "7a"], key=clause_order) == ["7", "7a", "7b", "9", "10"]


@pytest.mark.parametrize(
    ("text", "valid"),
    [("10", True), ("7f", True), ("99", True), ("0", False), ("100", False), ("7A", False), ("a", False), ("", False)],
)
def test_clause_id(text, valid):
    assert is_clause_id(text) is valid


def test_messages_are_held_for_prohibited_content_and_for_clauses_of_a_district():
    assert all(holds_messages(clause) for clause in (*HELD, "10"))
    assert not any(holds_messages(clause) for clause in (*FLAGGED, "2", "5"))
