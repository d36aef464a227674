"""Domains as people write them."""

from __future__ import annotations

import pytest

from gateway.core.tools.domains import as_domain


@pytest.mark.parametrize("text", ["quiz.example", "Quiz.Example.", "https://www.quiz.example/a?b", " quiz.example "])
def test_domain_is_read(text):
    assert as_domain(text) == "quiz.example"


@pytest.mark.parametrize(
    "text", ["", "quiz", "quiz example", "@quiz.example", "a..b", "-a.example", "1.2.3.4", "x" * 300]
)
def test_anything_else_is_no_domain(text):
    assert as_domain(text) is None
