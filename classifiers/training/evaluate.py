"""Evaluation: what the classifier says of labelled messages it was not trained on, as a person wants to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers.explain import Case, case_of_row, decision_of
from classifiers.pipeline import Classifier, load
from classifiers.training.disguise import WAYS, disguised
from classifiers.training.examples import Example, Progress, district, folds
from classifiers.training.metrics import calibration, quality, rate
from classifiers.training.public import public
from gateway.core.decision import Action
from gateway.core.policy import Policy
from gateway.core.verdict import PURPOSES, Verdict

CLAUSES = ("1", "4", "6", "7a", "7b", "7c", "7d", "7e", "8", "9")


@dataclass(frozen=True, slots=True)
class Result:
    """One example with what was said of it and what the policy would do."""

    example: Example
    verdict: Verdict
    action: Action
    clauses: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether it would be kept back."""
        return self.action is Action.HOLD


def held_out(seed: int = 1) -> list[Example]:
    """The test split of the district corpus that belongs to a seed."""
    examples = district()
    return [each for each, fold in zip(examples, folds(examples, seed), strict=True) if fold < 0]


def results(
    classifier: Classifier, examples: Sequence[Example], policy: Policy, progress: Progress | None = None
) -> list[Result]:
    """Every example classified, from bytes to the policy's word."""
    out: list[Result] = []
    for at in range(0, len(examples), 64):
        batch = examples[at : at + 64]
        cases = [case_of(each) for each in batch]
        for each, case, verdict in zip(batch, cases, classifier.classify(cases), strict=True):
            decision = decision_of(case, verdict, policy)
            out.append(Result(each, verdict, decision.action, decision.clauses))
        if progress is not None:
            progress("classifying", len(out), len(examples))
    return out


def case_of(example: Example) -> Case:
    """An example as a message."""
    row = {"id": example.id, "text": example.text, "subject": example.subject, "channel": example.channel}
    return case_of_row(row | {"from": example.sender})


def evaluate(
    model: str,
    policy: Policy,
    examples: Sequence[Example] | None = None,
    progress: Progress | None = None,
    seed: int = 1,
    data: Sequence[Path] = (),
    plots: Path | None = None,
) -> list[str]:
    """The report on a model folder ("" for the shipped one), line by line; by default on the held-out split.

    With folders of public sets in `data` also on rows of theirs that training does not take; with a folder for `plots`
    its curves are drawn there.
    """
    classifier = load(model)
    chosen = held_out(seed) if examples is None else list(examples)
    found = results(classifier, chosen, policy, progress)
    lines = report(found, classifier.version)
    if plots is not None:
        from classifiers.training.plots import draw  # an optional extra

        lines += ["", *(f"drawn: {each}" for each in draw(found, plots))]
    lines += ["", *obfuscation(classifier, chosen, policy)]
    for folder in data:
        strange = list(public(folder, unseen=True))
        lines += ["", *foreign(results(classifier, strange, policy, progress))]
    return lines


def report(found: Sequence[Result], version: str) -> list[str]:
    """The figures of results."""
    return [f"model {version}, {len(found)} messages", "", *_actions(found), "", *_clauses(found), "", *_groups(found)]


def foreign(found: Sequence[Result]) -> Iterator[str]:
    """How text from elsewhere fares: public sets, of which these rows were not trained on."""
    yield f"{'':16}{'bad: held or flagged':36}clean: held"
    for source in dict.fromkeys(each.example.source for each in found):
        mine = [each for each in found if each.example.source == source]
        bad = rate([each.action in (Action.HOLD, Action.FLAG) for each in mine if each.example.hold])
        yield f"{source:16}{bad!s:36}{rate([each.held for each in mine if not each.example.labels])}"


def obfuscation(classifier: Classifier, examples: Sequence[Example], policy: Policy) -> Iterator[str]:
    """What disguise costs: the share of what is held plainly that is still held in each disguise."""
    plain = [each.example for each in results(classifier, examples, policy) if each.held and each.example.hold]
    for way in WAYS:
        again = results(classifier, [disguised(each, way) for each in plain], policy)
        yield f"in disguise, {way:14} {rate([each.held for each in again])} of those held plainly"


def _actions(found: Sequence[Result]) -> Iterator[str]:
    hold = [each for each in found if each.example.hold]
    clean = [each for each in found if not each.example.labels]
    calls = [each for each in found if each.example.help]
    others = [each for each in found if each.example.sender == "student" and not each.example.help]
    yield f"should be held: held             {rate([each.held for each in hold])}"
    yield f"should be held: held or flagged  {rate([each.action in (Action.HOLD, Action.FLAG) for each in hold])}"
    yield f"easy clean: held                 {rate([each.held for each in clean if not each.example.hard])}"
    yield f"hard clean: held                 {rate([each.held for each in clean if each.example.hard])}"
    yield f"clean: flagged                   {rate([each.action is Action.FLAG for each in clean])}"
    yield f"calls for help: recognised       {rate([each.action is Action.ALERT for each in calls])}"
    yield f"calls for help: held             {rate([each.held for each in calls])}"
    yield f"students' other: taken for help  {rate([each.action is Action.ALERT for each in others])}"
    right = [_purpose(each.verdict) == each.example.purpose for each in found if each.example.purpose]
    yield f"purpose                          {rate(right)}"
    failed = [each for each in found if each.verdict.failed]
    yield f"could not be read                {len(failed)}"


def _purpose(verdict: Verdict) -> str:
    return max(PURPOSES, key=lambda name: verdict.purpose.get(name, 0.0))


def _clauses(found: Sequence[Result]) -> Iterator[str]:
    yield "clause  precision  recall  F1 at 0.5                       calibration error  clean: held for it"
    clean = [each for each in found if not each.example.labels]
    for clause in CLAUSES:
        scores = np.array([each.verdict.score(clause) for each in found])
        true = np.array([clause in each.example.labels for each in found])
        figures = quality(scores >= 0.5, true)
        precise, f1, gap = figures.precision, str(figures.f1), calibration(scores, true)
        wrong = sum(each.held and clause in each.clauses for each in clean) / max(len(clean), 1)
        yield f"{clause:6}  {precise:9.2f}  {figures.recall:6.2f}  {f1:30}  {gap:17.3f}  {100 * wrong:.2f} %"
    scores = np.array([each.verdict.help for each in found if each.example.sender == "student"])
    true = np.array([each.example.help for each in found if each.example.sender == "student"])
    yield f"help    {'':51}{calibration(scores, true):17.3f}" if len(scores) else ""


_GROUPS: tuple[tuple[str, Callable[[Example], str]], ...] = (
    ("language", lambda each: each.language),
    ("channel", lambda each: each.channel),
    ("from", lambda each: each.sender),
    ("hard", lambda each: "hard" if each.hard else "easy"),
    ("file", lambda each: each.source),
    ("length", lambda each: "over 120 words" if len(each.text.split()) > 120 else "up to 120 words"),
)


def _groups(found: Sequence[Result]) -> Iterable[str]:
    yield f"{'':22}{'should be held: held':36}clean: held"
    for title, group in _GROUPS:
        for name in sorted({group(each.example) for each in found}):
            mine = [each for each in found if group(each.example) == name]
            caught = rate([each.held for each in mine if each.example.hold])
            wrong = rate([each.held for each in mine if not each.example.labels])
            yield f"{title:9}{name:13}{caught!s:36}{wrong}"
