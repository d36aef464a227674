"""The first page of a card: figures are filled in, and what people wrote around it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.training.evaluation.card import BEGIN, END, first_page, write_first_page
from classifiers.training.evaluation.results import ExampleResult
from gateway.core.fault import Fault
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from tests.classifiers.training.made_examples import make_example


def _results(count: int, action: Action, **more: object) -> list[ExampleResult]:
    example = make_example("x", "text", **more)
    return [ExampleResult(example, Verdict("x", "0", "made"), action, ()) for _ in range(count)]


def test_page_has_the_figures() -> None:
    wrong, danger = frozenset({"7a", "hold"}), frozenset({"help"})
    page = "\n".join(
        first_page(
            "abc",
            [
                *_results(30, Action.HOLD, labels=wrong, degree="plain"),
                *_results(10, Action.RELEASE, labels=wrong),
                *_results(50, Action.ALERT, labels=danger, sender="student"),
                *_results(99, Action.RELEASE, degree="plain"),
                *_results(1, Action.HOLD, degree="plain"),
            ],
        )
    )
    assert page.startswith("# Model abc, for principals")
    assert "| Staff to student, should be held: held | 75.0 % (" in page
    assert "| of these, plain ones: held | 100.0 % (100.0 to 100.0) of 30 |" in page
    assert "| Students in danger: alerted at once | 100.0 % (100.0 to 100.0) of 50 |" in page
    assert "| Students in distress: noticed | not measured |" in page
    assert "clause 7a 25 %" in page
    assert "| from staff | 100 (0 to 300) | 0 (0 to 0) | 0 (0 to 0) |" in page
    assert "| from students | not measured | not measured | not measured |" in page


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    card = tmp_path / "CARD.md"
    card.write_text("# Tables\n\nBy hand.\n", "utf-8")
    write_first_page(card, ["# First"])
    write_first_page(card, ["# Second"])
    assert card.read_text("utf-8") == f"{BEGIN}\n\n# Second\n\n{END}\n\n# Tables\n\nBy hand.\n"
    write_first_page(tmp_path / "new card", ["# First"])
    assert (tmp_path / "new card").read_text("utf-8") == f"{BEGIN}\n\n# First\n\n{END}\n"
    card.write_text(BEGIN, "utf-8")
    with pytest.raises(Fault, match="is missing"):
        write_first_page(card, ["# Third"])
