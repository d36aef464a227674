"""The tables of a model card: the figures of an evaluation as Markdown, each with its interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from classifiers.training.evaluation.false_alarms import is_ordinary
from classifiers.training.evaluation.metrics import quality, rate
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.examples.labeled import Example
from gateway.core.messages.verdict import PURPOSES
from gateway.core.policy.clauses import HELD, LEARNED
from gateway.core.policy.decision import Action
from gateway.core.policy.urgency import DISTRESS

SHORT = 8
"""Words below which a message is short."""

Results = Sequence[ExampleResult]
_Picks = Callable[[ExampleResult], bool]


def card_tables(
    version: str, evaluation: Results, split: Results, sets: Results, printed: Sequence[str]
) -> Iterator[str]:
    """The tables: of the evaluation sets, of the test split of the corpus, and of public sets of ordinary talk.

    `printed` are the other lines of the report. They are shown as they are.
    """
    yield f"## What model {version} does"
    yield ""
    yield (
        f"Measured by `chaperone evaluate --card` on this model: {len(evaluation):,} messages of the evaluation sets, "
        f"{len(split):,} of the test split of the corpus, {len(sets):,} of public sets of ordinary talk. No model "
        "learned from them. With 95 % bootstrap intervals."
    )
    yield ""
    yield from _actions(evaluation, split)
    yield ""
    yield from _clauses(evaluation, split)
    yield ""
    yield from _let_through([*evaluation, *split])
    yield ""
    yield from _ordinary_talk([*evaluation, *split, *sets])
    yield ""
    yield "Replies, whole conversations, disguises and other sets, as the command prints them:"
    yield ""
    yield "```text"
    yield from printed
    yield "```"


def _actions(evaluation: Results, split: Results) -> Iterator[str]:
    yield "| what | evaluation sets | test split |"
    yield "|---|---|---|"
    for title, picks, hits in _ROWS:
        cells = (_share([one for one in results if picks(one)], hits) for results in (evaluation, split))
        yield f"| {title} | {' | '.join(cells)} |"


def _is_clean(hard: bool) -> _Picks:
    return lambda one: not one.example.labels and one.example.hard is hard


def _is_other_student(result: ExampleResult) -> bool:
    return result.example.sender == "student" and not result.example.help


def _is_alerted(result: ExampleResult) -> bool:
    return result.action is Action.ALERT


def _has_purpose(result: ExampleResult) -> bool:
    return max(PURPOSES, key=lambda name: result.verdict.purpose.get(name, 0.0)) == result.example.purpose


_ROWS: tuple[tuple[str, _Picks, _Picks], ...] = (
    ("should be held: held", lambda one: one.example.hold, lambda one: one.held),
    (
        "of these from staff: held",
        lambda one: one.example.hold and one.example.sender == "staff",
        lambda one: one.held,
    ),
    ("should be held: held or flagged", lambda one: one.example.hold, lambda one: one.reported),
    (
        "should be held, in Spanish or mixed: held",
        lambda one: one.example.hold and one.example.language != "en",
        lambda one: one.held,
    ),
    ("easy clean: held", _is_clean(hard=False), lambda one: one.held),
    ("hard clean: held", _is_clean(hard=True), lambda one: one.held),
    ("clean: flagged", lambda one: not one.example.labels, lambda one: one.action is Action.FLAG),
    ("calls for help: alerted", lambda one: one.example.help, _is_alerted),
    ("calls for help: held", lambda one: one.example.help, lambda one: one.held),
    (
        "students in distress: noticed",
        lambda one: bool(one.example.distress),
        lambda one: _is_alerted(one) or DISTRESS in one.reasons,
    ),
    ("students in distress: alerted", lambda one: bool(one.example.distress), _is_alerted),
    ("other student messages: alerted", _is_other_student, _is_alerted),
    ("purpose", lambda one: bool(one.example.purpose), _has_purpose),
)


def _clauses(evaluation: Results, split: Results) -> Iterator[str]:
    yield "| clause | F1, evaluation sets | precision | recall | F1, test split | precision | recall |"
    yield "|---|---|---|---|---|---|---|"
    for clause in LEARNED:
        cells = []
        for results in (evaluation, split):
            known = [one for one in results if clause in one.example.known]
            figures = quality(
                np.array([one.verdict.score(clause) >= 0.5 for one in known], bool),
                np.array([clause in one.example.labels for one in known], bool),
            )
            f1 = figures.f1
            cells.append(
                f"{f1.value:.2f} [{f1.low:.2f}, {f1.high:.2f}] of {figures.cases:,} | {figures.precision:.2f} | "
                f"{figures.recall:.2f}"
                if figures.cases
                else "not measured | |"
            )
        yield f"| {clause} | {' | '.join(cells)} |"


_CLUSTERS: tuple[tuple[str, Callable[[Example], bool]], ...] = (
    ("plain", lambda example: example.degree == "plain"),
    ("clear", lambda example: example.degree == "clear"),
    ("borderline", lambda example: example.degree == "borderline"),
    ("degree unknown", lambda example: not example.degree),
    (f"under {SHORT} words", lambda example: len(example.text.split()) < SHORT),
    ("mail", lambda example: example.channel == "mail"),
    ("Spanish or mixed", lambda example: example.language != "en"),
)


def _let_through(results: Results) -> Iterator[str]:
    yield (
        "Messages by staff that should be held and were delivered without a flag, out of all in the cluster. "
        "Evaluation sets and test split together; a message counts for each of its clauses."
    )
    yield ""
    yield "| clause | all | " + " | ".join(title for title, _ in _CLUSTERS) + " |"
    yield "|---" * (len(_CLUSTERS) + 2) + "|"
    for clause in HELD:
        group = [
            one
            for one in results
            if one.example.hold and one.example.sender == "staff" and clause in one.example.labels
        ]
        clusters = [group, *([one for one in group if is_in(one.example)] for _, is_in in _CLUSTERS)]
        cells = (f"{sum(one.action is Action.RELEASE for one in some)} of {len(some)}" for some in clusters)
        yield f"| {clause} | {' | '.join(cells)} |"


def _ordinary_talk(results: Results) -> Iterator[str]:
    yield "| ordinary talk, of 1,000 | held | alerted | flagged | messages |"
    yield "|---|---|---|---|---|"
    ordinary = [one for one in results if is_ordinary(one)]
    groups = sorted({(one.example.source, one.example.sender) for one in ordinary})
    for source, sender in groups:
        group = [one for one in ordinary if (one.example.source, one.example.sender) == (source, sender)]
        yield f"| {source}, {sender} | {_alarms(group)} | {len(group):,} |"
    for sender in ("staff", "student"):
        group = [one for one in ordinary if one.example.sender == sender]
        if group:
            yield f"| all, {sender} | {_alarms(group)} | {len(group):,} |"


def _alarms(group: Results) -> str:
    cells = []
    for action in (Action.HOLD, Action.ALERT, Action.FLAG):
        share = rate([one.action is action for one in group])
        cells.append(f"{1000 * share.value:.1f} [{1000 * share.low:.1f}, {1000 * share.high:.1f}]")
    return " | ".join(cells)


def _share(group: Results, hits: _Picks) -> str:
    if not group:
        return "not measured"
    share = rate([hits(one) for one in group])
    return f"{100 * share.value:.1f} % [{100 * share.low:.1f}, {100 * share.high:.1f}] of {share.cases:,}"
