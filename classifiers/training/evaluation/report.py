"""Evaluation: figures of a model on labeled messages that it was not trained on, as a report for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from classifiers.pipeline import model_files
from classifiers.pipeline.classifier import Classifier, load
from classifiers.training.evaluation.card import first_page, write_first_page, write_tables
from classifiers.training.evaluation.external_sets import external_report, ordinary_report
from classifiers.training.evaluation.false_alarms import alarms_report, degrees_report
from classifiers.training.evaluation.latency import latency_report, load_conversations
from classifiers.training.evaluation.metrics import calibration, quality, rate
from classifiers.training.evaluation.replies import load_replies, reply_report, reply_results
from classifiers.training.evaluation.results import ExampleResult, classify_examples
from classifiers.training.evaluation.tables import card_tables
from classifiers.training.examples.disguises import DISGUISES, disguise
from classifiers.training.examples.labeled import (
    CORPUS,
    TEST,
    Example,
    Progress,
    assign_folds_by_seeds,
    load_corpus,
    load_evaluation_set,
)
from gateway.core.messages.verdict import PURPOSES, Verdict
from gateway.core.policy.clauses import LEARNED
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy


def held_out_split(*seeds: int, corpus: Path = CORPUS) -> list[Example]:
    """The test split of the corpus: what no model of these seeds has learned from."""
    examples = load_corpus(corpus)
    splits = assign_folds_by_seeds(examples, dict.fromkeys(seeds))
    return [example for example, *folds in zip(examples, *splits, strict=True) if set(folds) == {TEST}]


def unseen_examples(*models: str, corpus: Path = CORPUS) -> list[Example]:
    """Messages that none of these models has learned from: the evaluation sets, and the test split."""
    seeds = [_seed(model) for model in models]
    return [*load_evaluation_set(corpus), *held_out_split(*seeds, corpus=corpus)]


def _seed(model: str) -> int:
    return model_files.seed_of(model_files.folder_of(model))


def evaluate(
    model: str,
    policy: Policy,
    examples: Sequence[Example] | None = None,
    progress: Progress | None = None,
    data: Sequence[Path] = (),
    plots: Path | None = None,
    corpus: Path = CORPUS,
    card: Path | None = None,
) -> list[str]:
    """The report on a model folder ("" for the shipped one), line by line. Raises Fault if the corpus is missing.

    By default it covers the evaluation sets and, separately, the test split of the corpus, which contains many
    adversarial messages. It also covers the public sets in the folders `data` (see
    `classifiers.training.evaluation.external_sets`). Curves are drawn into the folder `plots`. The figures are written
    into the first page and the tables of the file `card`.
    """
    classifier = load(model)
    chosen = load_evaluation_set(corpus) if examples is None else list(examples)
    results = classify_examples(classifier, chosen, policy, progress)
    lines = report(results, classifier.version)
    if plots is not None:
        from classifiers.training.evaluation.plots import draw  # an optional extra

        lines += ["", *(f"drawn: {path}" for path in draw(results, plots))]
    more = list(obfuscation(classifier, chosen, policy))
    split: list[ExampleResult] = []
    if examples is None:
        more += ["", *reply_report(classifier, policy, load_replies(corpus))]
        more += ["", *latency_report(classifier, policy, load_conversations(corpus))]
        split = classify_examples(classifier, held_out_split(_seed(model), corpus=corpus), policy, progress)
    lines += ["", *more]
    if split:
        lines += ["", "the test split of the corpus:", *report(split, classifier.version)]

    def classify(found: Sequence[Example]) -> list[ExampleResult]:
        return classify_examples(classifier, found, policy, progress)

    of_sets: list[ExampleResult] = []

    def classify_ordinary(found: Sequence[Example]) -> list[ExampleResult]:
        of_sets.extend(batch := classify(found))
        return batch

    external = [line for folder in data for line in ["", *external_report(folder, classify)]]
    lines += external
    for folder in data:
        lines += ["", *ordinary_report(folder, classify_ordinary)]
    if card is not None:
        replies = reply_results(classifier, policy, load_replies(corpus), context=True) if examples is None else []
        write_first_page(card, first_page(classifier.version, [*results, *split, *of_sets], replies))
        write_tables(card, list(card_tables(classifier.version, results, split, of_sets, [*more, *external])))
        lines += ["", f"written: the first page and the tables of {card}"]
    return lines


def report(results: Sequence[ExampleResult], version: str) -> list[str]:
    """The figures of classified examples."""
    return [
        f"model {version}, {len(results)} messages",
        "",
        *_actions(results),
        "",
        *_clauses(results),
        "",
        *_groups(results),
        "",
        *degrees_report(results),
        "",
        *alarms_report(results),
    ]


def obfuscation(classifier: Classifier, examples: Sequence[Example], policy: Policy) -> Iterator[str]:
    """The cost of disguises: the share of messages held in plain form that are still held in each disguise."""
    plain = [
        result.example
        for result in classify_examples(classifier, examples, policy)
        if result.held and result.example.hold
    ]
    for disguise_name in DISGUISES:
        again = classify_examples(classifier, [disguise(example, disguise_name) for example in plain], policy)
        yield f"in disguise, {disguise_name:14} {rate([result.held for result in again])} of those held in plain form"


def _actions(results: Sequence[ExampleResult]) -> Iterator[str]:
    hold = [result for result in results if result.example.hold]
    clean = [result for result in results if not result.example.labels]
    asks_for_help = [result for result in results if result.example.help]
    others = [result for result in results if result.example.sender == "student" and not result.example.help]
    yield f"should be held: held             {rate([result.held for result in hold])}"
    yield f"should be held: held or flagged  {rate([result.reported for result in hold])}"
    yield f"easy clean: held                 {rate([result.held for result in clean if not result.example.hard])}"
    yield f"hard clean: held                 {rate([result.held for result in clean if result.example.hard])}"
    yield f"clean: flagged                   {rate([result.action is Action.FLAG for result in clean])}"
    yield f"calls for help: recognized       {rate([result.action is Action.ALERT for result in asks_for_help])}"
    yield f"calls for help: held             {rate([result.held for result in asks_for_help])}"
    yield f"other student messages: alerted  {rate([result.action is Action.ALERT for result in others])}"
    is_right = [
        _likeliest_purpose(result.verdict) == result.example.purpose for result in results if result.example.purpose
    ]
    yield f"purpose                          {rate(is_right)}"
    failed = [result for result in results if result.verdict.failed]
    yield f"could not be read                {len(failed)}"


def _likeliest_purpose(verdict: Verdict) -> str:
    return max(PURPOSES, key=lambda name: verdict.purpose.get(name, 0.0))


def _clauses(results: Sequence[ExampleResult]) -> Iterator[str]:
    yield "clause  precision  recall  F1 at 0.5                       calibration error  clean: held for it"
    clean = [result for result in results if not result.example.labels]
    for clause in LEARNED:
        scores = np.array([result.verdict.score(clause) for result in results])
        true = np.array([clause in result.example.labels for result in results])
        figures = quality(scores >= 0.5, true)
        precise, f1, gap = figures.precision, str(figures.f1), calibration(scores, true)
        wrong = sum(result.held and clause in result.clauses for result in clean) / max(len(clean), 1)
        yield f"{clause:6}  {precise:9.2f}  {figures.recall:6.2f}  {f1:30}  {gap:17.3f}  {100 * wrong:.2f} %"
    scores = np.array([result.verdict.help for result in results if result.example.sender == "student"])
    true = np.array([result.example.help for result in results if result.example.sender == "student"])
    yield f"help    {'':51}{calibration(scores, true):17.3f}" if len(scores) else ""


_GROUPS: tuple[tuple[str, Callable[[Example], str]], ...] = (
    ("language", lambda example: example.language),
    ("channel", lambda example: example.channel),
    ("from", lambda example: example.sender),
    ("hard", lambda example: "hard" if example.hard else "easy"),
    ("file", lambda example: example.source),
    ("length", lambda example: "over 120 words" if len(example.text.split()) > 120 else "up to 120 words"),
)


def _groups(results: Sequence[ExampleResult]) -> Iterable[str]:
    yield f"{'':45}{'should be held: held':36}clean: held"
    for title, group in _GROUPS:
        for name in sorted({group(result.example) for result in results}):
            in_group = [result for result in results if group(result.example) == name]
            caught = rate([result.held for result in in_group if result.example.hold])
            wrong = rate([result.held for result in in_group if not result.example.labels])
            yield f"{title:9}{name:36}{caught!s:36}{wrong}"
