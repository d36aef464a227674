"""False alarms are counted by set and side, and what is found by degree."""

from __future__ import annotations

from classifiers.training.evaluation.false_alarms import alarms_report, degrees_report
from classifiers.training.evaluation.results import ExampleResult
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from tests.classifiers.training.made_examples import make_example


def _result(action: Action, reasons: tuple[str, ...] = (), **more: object) -> ExampleResult:
    example = make_example("x", "text", **more)
    return ExampleResult(example, Verdict("x", "0", "made"), action, (), reasons)


def test_false_alarms_are_per_thousand_of_each_set_and_side() -> None:
    results = [_result(Action.RELEASE, degree="plain", source="talk") for _ in range(99)]
    results += [_result(Action.HOLD, degree="plain", source="talk")]
    results += [_result(Action.ALERT, degree="plain", source="talk", sender="student")]
    results += [_result(Action.HOLD, degree="plain", hard=True, source="talk")]  # hard: not ordinary
    results += [_result(Action.HOLD, source="corpus")]
    lines = list(alarms_report(results))
    assert len(lines) == 3
    assert lines[1].startswith("talk, staff")
    assert " 10.0 [" in lines[1]
    assert lines[1].endswith(" 100")
    assert lines[2].startswith("talk, student")
    assert "1000.0 [" in lines[2]


def test_nothing_is_said_without_ordinary_talk() -> None:
    assert list(alarms_report([_result(Action.HOLD)])) == []
    assert list(degrees_report([_result(Action.HOLD)])) == []


def test_degrees_tell_directions_danger_and_distress_apart() -> None:
    student = {"sender": "student", "degree": "plain"}
    results = [
        _result(Action.HOLD, labels=frozenset({"7a", "hold"}), degree="plain"),
        _result(Action.RELEASE, labels=frozenset({"7a", "hold"}), degree="clear"),
        _result(Action.FLAG, labels=frozenset({"7d", "hold"}), **student),
        _result(Action.ALERT, labels=frozenset({"help"}), **student),
        _result(Action.FLAG, ("distress",), labels=frozenset({"distress"}), distress=True, **student),
        _result(Action.FLAG, labels=frozenset({"distress"}), distress=True, **student),
    ]
    shown = {
        (line[:44].strip(), line[44:56].strip()): line[56:].split(" %")[0].strip() for line in degrees_report(results)
    }
    assert shown["should be held, staff to student: held", "plain"] == "100.0"
    assert shown["should be held, staff to student: held", "clear"] == "0.0"
    assert shown["should be held, student to staff: reported", "plain"] == "100.0"
    assert shown["students in danger: alerted", "plain"] == "100.0"
    assert shown["students in distress: noticed", "plain"] == "50.0"
    assert shown["students in distress: alerted", "plain"] == "0.0"
