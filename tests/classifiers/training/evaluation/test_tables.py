"""The tables of a card have every figure with its interval, and no text of a message."""

from __future__ import annotations

from pathlib import Path

from classifiers.training.evaluation.card import TABLES_BEGIN, TABLES_END, write_first_page, write_tables
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.evaluation.tables import card_tables
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from tests.classifiers.training.made_examples import make_example


def _results(count: int, action: Action, **more: object) -> list[ExampleResult]:
    example = make_example("x", "words of a message", **more)
    return [ExampleResult(example, Verdict("x", "0", "made"), action, ()) for _ in range(count)]


def test_tables_have_the_figures() -> None:
    wrong = frozenset({"7a", "hold"})
    evaluation = [
        *_results(3, Action.HOLD, labels=wrong, degree="plain"),
        *_results(1, Action.RELEASE, labels=wrong, degree="clear", channel="mail"),
        *_results(4, Action.RELEASE),
    ]
    ordinary = [*_results(99, Action.RELEASE, weight=0.5), *_results(1, Action.FLAG, weight=0.5)]
    tables = "\n".join(card_tables("abc", evaluation, [], ordinary, ["as printed"]))
    assert tables.startswith("## What model abc does")
    assert "| should be held: held | 75.0 % [25.0, 100.0] of 4 | not measured |" in tables
    assert "| 7a | 1 of 4 | 0 of 3 | 1 of 1 | 0 of 0 | 0 of 0 | 1 of 4 | 1 of 1 | 0 of 0 |" in tables
    assert "| made, staff | 0.0 [0.0, 0.0] | 0.0 [0.0, 0.0] | 10.0 [0.0, 30.0] | 100 |" in tables
    assert "```text\nas printed\n```" in tables
    assert "words of a message" not in tables


def test_tables_stand_between_their_markers(tmp_path: Path) -> None:
    card = tmp_path / "CARD.md"
    card.write_text("# By hand\n", "utf-8")
    write_tables(card, ["old"])
    write_first_page(card, ["# First"])
    write_tables(card, ["new"])
    text = card.read_text("utf-8")
    assert text.endswith(f"# By hand\n\n{TABLES_BEGIN}\n\nnew\n\n{TABLES_END}\n")
    assert "old" not in text
