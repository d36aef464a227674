"""A candidate beside the model in force: what counts as worse."""

from __future__ import annotations

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


def set_of(count: int = 40) -> list[ExampleResult]:
    """A regression set on which a model is right."""
    return [
        *(result(example(f"b{at}", "7a", "hold"), "7a", Action.HOLD) for at in range(count)),
        *(result(example(f"c{at}")) for at in range(count)),
        *(result(example(f"h{at}", "help", sender="student"), action=Action.ALERT) for at in range(count)),
    ]


RIGHT = set_of()


def wrong(first: int, last: int, clause: str = "", action: Action = Action.RELEASE) -> list[ExampleResult]:
    """The same with some of its messages judged otherwise."""
    return [result(each.example, clause, action) if first <= at < last else each for at, each in enumerate(RIGHT)]


def worse(before: list[ExampleResult], after: list[ExampleResult]) -> list[str]:
    return [each.what for each in compare(before, after) if each.worse]


def test_the_same_is_not_worse() -> None:
    found = compare(RIGHT, RIGHT)
    assert [each.what for each in found] == [
        "clause 7a, F1", "should be held: held", "clean: not held", "calls for help: recognised",
    ]  # fmt: skip
    assert not [each for each in found if each.worse]
    assert all(each.before == each.after == 1.0 for each in found)


def test_a_loss_beyond_chance_is_seen() -> None:
    assert worse(RIGHT, wrong(0, 6)) == ["clause 7a, F1", "should be held: held"]
    assert worse(RIGHT, wrong(40, 46, action=Action.HOLD)) == ["clean: not held"]
    assert worse(RIGHT, wrong(40, 46, clause="7a")) == ["clause 7a, F1"]


def test_one_message_more_or_less_is_chance() -> None:
    assert worse(RIGHT, wrong(0, 1)) == []
    assert worse(wrong(0, 6), wrong(5, 12)) == []  # others are lost than were before: nobody can tell which is better


def test_not_one_call_for_help_may_be_lost() -> None:
    assert worse(RIGHT, wrong(80, 81)) == ["calls for help: recognised"]
    assert worse(RIGHT, wrong(80, 81, action=Action.HOLD)) == ["calls for help: recognised"]
    better_elsewhere = [*wrong(80, 81)[:81], *RIGHT[81:]]
    assert worse(wrong(90, 100), better_elsewhere) == ["calls for help: recognised"]
    assert "1 lost" in next(str(each) for each in compare(RIGHT, wrong(80, 81)) if each.lost)
