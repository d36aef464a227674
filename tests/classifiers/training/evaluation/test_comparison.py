"""Compares a candidate with the model in force: what counts as worse."""

from __future__ import annotations

from dataclasses import replace

from classifiers.training.evaluation.comparison import compare
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.examples.labeled import Example
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decision import Action


def example(id: str, *labels: str, sender: str = "staff") -> Example:
    return Example(id, "text", "", "sms", sender, frozenset(labels), "other", "en", False, "made")


def result(of: Example, clause: str = "", action: Action = Action.RELEASE) -> ExampleResult:
    findings = (Finding(clause, 0.9, "made"),) if clause else ()
    return ExampleResult(of, Verdict(of.id, "0", "made", findings=findings), action, ())


def correct_results(count: int = 40) -> list[ExampleResult]:
    """Results of a model that is always right."""
    return [
        *(result(example(f"b{at}", "7a", "hold"), "7a", Action.HOLD) for at in range(count)),
        *(result(example(f"c{at}")) for at in range(count)),
        *(result(example(f"h{at}", "help", sender="student"), action=Action.ALERT) for at in range(count)),
    ]


CORRECT = correct_results()


def with_errors(first: int, last: int, clause: str = "", action: Action = Action.RELEASE) -> list[ExampleResult]:
    """The same, with errors in some messages."""
    return [
        result(figure.example, clause, action) if first <= at < last else figure for at, figure in enumerate(CORRECT)
    ]


def worse_figures(before: list[ExampleResult], after: list[ExampleResult]) -> list[str]:
    return [figure.name for figure in compare(before, after) if figure.is_worse]


def test_an_equal_candidate_is_not_worse() -> None:
    figures = compare(CORRECT, CORRECT)
    assert [figure.name for figure in figures] == [
        "clause 7a, F1", "should be held: held", "clean: not held", "calls for help: recognized",
    ]  # fmt: skip
    assert not [figure for figure in figures if figure.is_worse]
    assert all(figure.before == figure.after == 1.0 for figure in figures)


def test_a_significant_loss_is_reported() -> None:
    assert worse_figures(CORRECT, with_errors(0, 6)) == ["clause 7a, F1", "should be held: held"]
    assert worse_figures(CORRECT, with_errors(40, 46, action=Action.HOLD)) == ["clean: not held"]
    assert worse_figures(CORRECT, with_errors(40, 46, clause="7a")) == ["clause 7a, F1"]


def test_a_small_difference_is_chance() -> None:
    assert worse_figures(CORRECT, with_errors(0, 1)) == []
    assert (
        worse_figures(with_errors(0, 6), with_errors(5, 12)) == []
    )  # other messages are lost than before: neither model is better


def test_losing_one_call_for_help_is_worse() -> None:
    assert worse_figures(CORRECT, with_errors(80, 81)) == ["calls for help: recognized"]
    assert worse_figures(CORRECT, with_errors(80, 81, action=Action.HOLD)) == ["calls for help: recognized"]
    better_elsewhere = [*with_errors(80, 81)[:81], *CORRECT[81:]]
    assert worse_figures(with_errors(90, 100), better_elsewhere) == ["calls for help: recognized"]
    assert "1 lost" in next(str(figure) for figure in compare(CORRECT, with_errors(80, 81)) if figure.lost)


def _talk(held: int, flagged: int) -> list[ExampleResult]:
    """Ordinary talk, of which so many messages are held and flagged."""
    actions = [Action.HOLD] * held + [Action.FLAG] * flagged
    actions += [Action.RELEASE] * (1000 - len(actions))
    return [
        result(replace(example(f"o{number}"), degree="plain"), action=action) for number, action in enumerate(actions)
    ]


def test_more_false_alarms_on_ordinary_talk_are_worse() -> None:
    before = [*CORRECT, *_talk(1, 9)]
    assert worse_figures(before, [*CORRECT, *_talk(1, 9)]) == []
    assert worse_figures(before, [*CORRECT, *_talk(0, 2)]) == []
    assert "ordinary talk: not held" in worse_figures(before, [*CORRECT, *_talk(8, 2)])
    assert worse_figures(before, [*CORRECT, *_talk(1, 30)]) == ["ordinary talk: no alarm"]
