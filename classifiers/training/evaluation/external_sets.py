"""Measures on external sets: sets that are never trained on, and rows of public sets that were held out.

Each set is a file as its authors publish it, in a folder given with --data. A set that is missing is not reported.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.training.evaluation.false_alarms import alarms_report
from classifiers.training.evaluation.metrics import quality, rate
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.examples.labeled import Example, read_examples
from classifiers.training.examples.ordinary_talk import read_ordinary_talk
from classifiers.training.examples.public_sets import read_public_sets

ClassifyExamples = Callable[[Sequence[Example]], list[ExampleResult]]
"""Classifies examples."""

HATECHECK = "test_suite_cases.csv"
"""HateCheck (Röttger and others, ACL 2021; CC BY 4.0), a functional test. It must not be trained on."""

SPANISH_HATECHECK = "hatecheck_cases_final_spanish.csv"
"""The Spanish cases of Multilingual HateCheck (Röttger and others, WOAH 2022; CC BY 4.0)."""

XSTEST = "xstest_prompts.csv"
"""XSTest (Röttger and others, NAACL 2024; CC BY 4.0). Its safe prompts sound worse than they are."""

EDOS = "edos_labelled_aggregated.csv"
"""EDOS (Kirk and others, SemEval 2023; CC0). Its split "dev" is used."""

NOTICES = "notices"
"""A folder of notices that schools really sent, one per file. The first line of each is its subject."""

MEASURED_TALK = 2000
"""Texts of each set of ordinary talk that are measured: the sets differ a hundredfold in size."""

TUTORING = ("cima", "bridge")
OWN_PREFIX = "evaluation"
"""The prefix of files with labeled messages in the format of the corpus."""


def external_report(folder: Path, classify: ClassifyExamples) -> Iterator[str]:
    """The figures of every known set in a folder but those of ordinary talk, line by line."""
    external_example = [result for result in read_public_sets(folder, held_out=True) if result.source not in TUTORING]
    if external_example:
        yield from _public(classify(external_example))
    tutoring = list(tutoring_examples(folder))
    if tutoring:
        yield from _clean("tutoring talk", classify(tutoring))
    notices = list(_notices(folder / NOTICES))
    if notices:
        yield from _clean("school notices", classify(notices))
    for name, title in ((HATECHECK, "HateCheck"), (SPANISH_HATECHECK, "HateCheck in Spanish")):
        if (folder / name).exists():
            yield from _hatecheck(title, classify(hatecheck_examples(folder / name)))
    if (folder / XSTEST).exists():
        yield from _clean("harmless prompts", classify(list(_harmless_prompts(folder / XSTEST))))
    if (folder / EDOS).exists():
        yield from _edos(classify(edos_examples(folder / EDOS)))
    for path in sorted(folder.glob(f"{OWN_PREFIX}*.jsonl")):
        yield from _own(path.stem, classify(read_examples(path)))


def ordinary_report(folder: Path, classify: ClassifyExamples) -> Iterator[str]:
    """False alarms on every set of ordinary talk in a folder, line by line."""
    ordinary = list(ordinary_examples(folder))
    if ordinary:
        yield from alarms_report(classify(ordinary))


def _public(results: Sequence[ExampleResult]) -> Iterator[str]:
    yield f"{'':16}{'bad: held or flagged':36}clean: held"
    for source in dict.fromkeys(result.example.source for result in results):
        in_group = [result for result in results if result.example.source == source]
        is_hateful = rate([result.reported for result in in_group if result.example.hold])
        yield f"{source:16}{is_hateful!s:36}{rate([result.held for result in in_group if not result.example.labels])}"


def _clean(title: str, results: Sequence[ExampleResult]) -> Iterator[str]:
    for source in dict.fromkeys(result.example.source for result in results):
        in_group = [result for result in results if result.example.source == source]
        held, reported = rate([result.held for result in in_group]), rate([result.reported for result in in_group])
        yield f"{title}, {source}: held {held}, held or flagged {reported}"


def tutoring_examples(folder: Path) -> Iterator[Example]:
    """Every turn of the tutoring sets that training does not use."""
    for name in TUTORING:
        if (folder / f"{name}.jsonl").exists():
            learned = {result.id for result in read_public_sets(folder) if result.source == name}
            for number, row in enumerate(rows(folder / f"{name}.jsonl")):
                if f"{name}-{number}" not in learned and str(row["text"]).strip():
                    sender = "student" if row["label"] == "student" else "staff"
                    yield external_example(f"{name}-{number}", str(row["text"]), name, sender)


def rows(path: Path) -> Iterator[dict[str, object]]:
    """The rows of a file of JSON lines."""
    return (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)


def _notices(folder: Path) -> Iterator[Example]:
    for path in sorted(folder.glob("*.txt")):
        subject, _, text = path.read_text("utf-8", "replace").partition("\n")
        yield external_example(path.stem, text.strip(), NOTICES, "staff", subject=subject.strip(), channel="mail")


def external_example(
    id: str,
    text: str,
    source: str,
    sender: str = "staff",
    hateful: bool = False,
    subject: str = "",
    channel: str = "sms",
) -> Example:
    """An external text. Hate speech is labeled as clause 7c."""
    labels = frozenset({"7c", "hold"}) if hateful else frozenset()
    return Example(id, text, subject, channel, sender, labels, "", "en", False, source)


def hatecheck_examples(path: Path) -> list[Example]:
    """Every case of a HateCheck as a message from staff. The source is the function that it tests."""
    language = "es" if path.name == SPANISH_HATECHECK else "en"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            replace(
                external_example(
                    row.get("case_id") or row["mhc_case_id"], row["test_case"], row["functionality"],
                    hateful=row["label_gold"] == "hateful",
                ),
                language=language,
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip


def _harmless_prompts(path: Path) -> Iterator[Example]:
    """The safe prompts of XSTest, each as a message from staff and from a student."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("label", "safe") == "safe" and not row["type"].startswith("contrast"):
                for sender in ("staff", "student"):
                    yield external_example(f"{row['id']}-{sender}", row["prompt"], f"XSTest, from {sender}", sender)


def _hatecheck(title: str, results: Sequence[ExampleResult]) -> Iterator[str]:
    for word, predicted in (
        ("held", [result.held for result in results]),
        ("held or flagged", [result.reported for result in results]),
    ):
        is_right = np.array(predicted) == np.array([result.example.hold for result in results])
        is_hateful = np.array([result.example.hold for result in results])
        yield (
            f"{title}, {word}: right {rate(is_right)}, hateful {rate(is_right[is_hateful])}, "
            f"not hateful {rate(is_right[~is_hateful])}, macro-F1 {macro_f1(np.array(predicted), is_hateful):.3f}"
        )
    yield f"{title} by function: share of cases held correctly"
    for function in dict.fromkeys(result.example.source for result in results):
        in_group = [result for result in results if result.example.source == function]
        yield f"  {function:24} {rate([result.held == result.example.hold for result in in_group])}"


def edos_examples(path: Path) -> list[Example]:
    """The development split of EDOS, task A, as messages from staff."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            external_example(row["rewire_id"], row["text"], "edos dev", hateful=row["label_sexist"] == "sexist")
            for row in csv.DictReader(file)
            if row["split"] == "dev"
        ]


def _edos(results: Sequence[ExampleResult]) -> Iterator[str]:
    true = np.array([result.example.hold for result in results])
    for word, predicted in (
        ("held", [result.held for result in results]),
        ("7c at 0.5", [result.verdict.score("7c") >= 0.5 for result in results]),
        ("held or flagged", [result.reported for result in results]),
    ):
        yield f"EDOS task A, dev, {word}: macro-F1 {macro_f1(np.array(predicted), true):.3f} of {len(results)}"


def macro_f1(
    predicted: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], true: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> float:
    """The mean of the F1 of both answers."""
    return (quality(predicted, true).f1.value + quality(~predicted, ~true).f1.value) / 2


def ordinary_examples(folder: Path) -> Iterator[Example]:
    """Ordinary talk that training never uses: at most MEASURED_TALK texts of each set."""
    count: Counter[str] = Counter()
    for example in sorted(read_ordinary_talk(folder, held_out=True), key=lambda one: one.id):
        count[example.source] += 1
        if count[example.source] <= MEASURED_TALK:
            yield example


def _own(title: str, results: Sequence[ExampleResult]) -> Iterator[str]:
    is_hateful = [result for result in results if result.example.labels - {"help"}]
    clean = [result for result in results if not result.example.labels]
    held, reported = rate([result.held for result in is_hateful]), rate([result.reported for result in is_hateful])
    yield f"{title}: bad held {held}, held or flagged {reported}"
    if clean:
        yield f"{title}: clean held {rate([result.held for result in clean])}"
