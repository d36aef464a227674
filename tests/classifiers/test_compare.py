"""A candidate beside the model in force: what counts as worse."""

from __future__ import annotations

from classifiers.training.compare import Compared, compared
from classifiers.training.examples import Example
from classifiers.training.results import Result
from gateway.core.decision import Action
from gateway.core.verdict import Finding, Verdict


def example(id: str, *labels: str, sender: str = "staff") -> Example:
    return Example(id, "text", "", "sms", sender, frozenset(labels), "other", "en", False, "made")


def result(of: Example, clause: str = "", action: Action = Action.RELEASE) -> Result:
    findings = (Finding(clause, 0.9, "made"),) if clause else ()
    return Result(of, Verdict(of.id, "0", "made", findings=findings), action, ())


BAD, CLEAN, CALL = example("b", "7a", "hold"), example("c"), example("h", "help", sender="student")
RIGHT = [result(BAD, "7a", Action.HOLD), result(CLEAN), result(CALL, action=Action.ALERT)]


def test_the_same_is_not_worse() -> None:
    found = compared(RIGHT, RIGHT)
    assert [each.what for each in found] == [
        "clause 7a, F1", "should be held: held", "clean: not held", "calls for help: recognised",
    ]  # fmt: skip
    assert not [each for each in found if each.worse]


def test_each_loss_is_seen() -> None:
    def worse(*after: Result) -> list[str]:
        return [each.what for each in compared(RIGHT, after) if each.worse]

    assert worse(result(BAD), RIGHT[1], RIGHT[2]) == ["clause 7a, F1", "should be held: held"]
    assert worse(RIGHT[0], result(CLEAN, action=Action.HOLD), RIGHT[2]) == ["clean: not held"]
    assert worse(*RIGHT[:2], result(CALL)) == ["calls for help: recognised"]
    assert not Compared("x", 0.5, 0.495).worse
