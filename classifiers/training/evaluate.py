"""Evaluation: what the classifier says of labelled messages it was not trained on, as a person wants to read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from classifiers.pipeline import model_files as weights
from classifiers.pipeline.pipeline import Classifier, load
from classifiers.training import answers, foreign
from classifiers.training.disguise import WAYS, disguised
from classifiers.training.examples import Example, Progress, district, evaluation, folds
from classifiers.training.metrics import calibration, quality, rate
from classifiers.training.results import Result, results
from gateway.core.messages.verdict import PURPOSES, Verdict
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy

CLAUSES = ("1", "4", "6", "7a", "7b", "7c", "7d", "7e", "8", "9")


def held_out(*seeds: int) -> list[Example]:
    """The test split of the district corpus: what no model of these seeds has learned from."""
    examples = district()
    splits = [folds(examples, seed) for seed in dict.fromkeys(seeds)]
    return [each for each, *mine in zip(examples, *splits, strict=True) if max(mine) < 0]


def unseen(*models: str) -> list[Example]:
    """What none of these models has learned from: the messages to measure on, and the test split."""
    return [*evaluation(), *held_out(*(weights.seed_of(weights.folder_of(each)) for each in models))]


def evaluate(
    model: str,
    policy: Policy,
    examples: Sequence[Example] | None = None,
    progress: Progress | None = None,
    data: Sequence[Path] = (),
    plots: Path | None = None,
) -> list[str]:
    """The report on a model folder ("" for the shipped one), line by line.

    By default on the messages to measure on, and apart from them on the test split of the corpus, much of which was
    written against readers.

    With folders of public sets in `data` also on those, as `classifiers.training.foreign` reads them; with a folder for
    `plots` its curves are drawn there.
    """
    classifier = load(model)
    chosen = evaluation() if examples is None else list(examples)
    found = results(classifier, chosen, policy, progress)
    lines = report(found, classifier.version)
    if plots is not None:
        from classifiers.training.plots import draw  # an optional extra

        lines += ["", *(f"drawn: {each}" for each in draw(found, plots))]
    lines += ["", *obfuscation(classifier, chosen, policy)]
    if examples is None:
        lines += ["", *answers.report(classifier, policy)]
        split = results(classifier, held_out(weights.seed_of(weights.folder_of(model))), policy, progress)
        lines += ["", "the test split of the corpus:", *report(split, classifier.version)]
    for folder in data:
        lines += ["", *foreign.report(folder, lambda strange: results(classifier, strange, policy, progress))]
    return lines


def report(found: Sequence[Result], version: str) -> list[str]:
    """The figures of results."""
    return [f"model {version}, {len(found)} messages", "", *_actions(found), "", *_clauses(found), "", *_groups(found)]


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
    yield f"should be held: held or flagged  {rate([each.raised for each in hold])}"
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
