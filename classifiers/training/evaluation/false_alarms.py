"""False alarms on ordinary talk, a thousand messages each, and what is found by degree and direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from classifiers.training.evaluation.metrics import Rate, rate
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.examples.labeled import DEGREES
from gateway.core.policy.decision import Action
from gateway.core.policy.urgency import DISTRESS


def is_ordinary(result: ExampleResult) -> bool:
    """Whether a message is ordinary talk: plainly clean, or of a public set of it."""
    example = result.example
    return not (example.labels or example.hard) and (example.degree == "plain" or example.weight < 1.0)


def alarms_report(results: Sequence[ExampleResult]) -> Iterator[str]:
    """False alarms per 1,000 messages of ordinary talk, for each set and side."""
    ordinary = [result for result in results if is_ordinary(result)]
    if not ordinary:
        return
    yield f"{'ordinary talk, of 1,000':46}{'held':24}{'alerted':24}{'flagged':24}messages"
    for source in sorted({result.example.source for result in ordinary}):
        for sender in ("staff", "student"):
            group = [one for one in ordinary if one.example.source == source and one.example.sender == sender]
            if group:
                figures = (
                    _per_thousand(rate([one.action is action for one in group]))
                    for action in (Action.HOLD, Action.ALERT, Action.FLAG)
                )
                yield f"{source + ', ' + sender:46}{''.join(f'{figure:24}' for figure in figures)}{len(group)}"


def degrees_report(results: Sequence[ExampleResult]) -> Iterator[str]:
    """What is found of each degree: what should be held, calls for help, and distress."""
    known = [result for result in results if result.example.degree]
    for title, is_of, is_found in (
        ("should be held, staff to student: held", _held_from("staff"), lambda one: one.held),
        ("should be held, student to staff: reported", _held_from("student"), lambda one: one.reported),
        ("students in danger: alerted", lambda one: one.example.help, lambda one: one.action is Action.ALERT),
        ("students in danger: held", lambda one: one.example.help, lambda one: one.held),
        ("students in distress: noticed", lambda one: bool(one.example.distress), _noticed),
        ("students in distress: alerted", lambda one: bool(one.example.distress), _alerted),
        ("students, neither, hard: alerted", _is_neither_and_hard, _alerted),
    ):
        for degree in DEGREES:
            group = [one for one in known if one.example.degree == degree and is_of(one)]
            if group:
                yield f"{title:44}{degree:12}{rate([is_found(one) for one in group])}"


def _held_from(sender: str) -> Callable[[ExampleResult], bool]:
    return lambda one: one.example.hold and one.example.sender == sender


def _is_neither_and_hard(result: ExampleResult) -> bool:
    example = result.example
    return example.sender == "student" and example.hard and not example.help and not example.distress


def _alerted(result: ExampleResult) -> bool:
    return result.action is Action.ALERT


def _noticed(result: ExampleResult) -> bool:
    """Whether a student in distress would be seen by somebody: flagged for it, or alerted."""
    return _alerted(result) or DISTRESS in result.reasons


def _per_thousand(share: Rate) -> str:
    return f"{1000 * share.value:.1f} [{1000 * share.low:.1f}, {1000 * share.high:.1f}]"
