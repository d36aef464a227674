"""Text from elsewhere, to measure on: sets that teach the model nothing, and rows of taught ones that it has not met.

Each set is a file as its authors publish it, in a folder given with --data; a set that is not there is not reported.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from classifiers.training.examples import Example, labelled
from classifiers.training.metrics import quality, rate
from classifiers.training.public import public
from classifiers.training.results import Result

Judge = Callable[[Sequence[Example]], list[Result]]
"""Classifies examples."""

HATECHECK = "test_suite_cases.csv"
"""HateCheck (Röttger and others, ACL 2021; CC BY 4.0), a test of functions: nothing may be trained on it."""

EDOS = "edos_labelled_aggregated.csv"
"""EDOS (Kirk and others, SemEval 2023; CC0), of which the split "dev" is read."""

NOTICES = "notices"
"""A folder of texts that schools really sent, one a file, the first line of each its subject."""

TUTORING = ("cima", "bridge")
OWN = "evaluation"
"""How the names of files begin that hold labelled messages to measure on, in the form of the corpus."""


def report(folder: Path, judge: Judge) -> Iterator[str]:
    """The figures of every known set in a folder, line by line."""
    strange = [each for each in public(folder, unseen=True) if each.source not in TUTORING]
    if strange:
        yield from _public(judge(strange))
    untaught = list(tutoring(folder))
    if untaught:
        yield from _clean("tutoring talk", judge(untaught))
    notices = list(_notices(folder / NOTICES))
    if notices:
        yield from _clean("school notices", judge(notices))
    if (folder / HATECHECK).exists():
        yield from _hatecheck(judge(hatecheck(folder / HATECHECK)))
    if (folder / EDOS).exists():
        yield from _edos(judge(edos(folder / EDOS)))
    for path in sorted(folder.glob(f"{OWN}*.jsonl")):
        yield from _own(path.stem, judge(labelled(path)))


def _public(found: Sequence[Result]) -> Iterator[str]:
    yield f"{'':16}{'bad: held or flagged':36}clean: held"
    for source in dict.fromkeys(each.example.source for each in found):
        mine = [each for each in found if each.example.source == source]
        bad = rate([each.raised for each in mine if each.example.hold])
        yield f"{source:16}{bad!s:36}{rate([each.held for each in mine if not each.example.labels])}"


def _clean(title: str, found: Sequence[Result]) -> Iterator[str]:
    for source in dict.fromkeys(each.example.source for each in found):
        mine = [each for each in found if each.example.source == source]
        held, raised = rate([each.held for each in mine]), rate([each.raised for each in mine])
        yield f"{title}, {source}: held {held}, held or flagged {raised}"


def tutoring(folder: Path) -> Iterator[Example]:
    """Every turn of the tutoring sets that training does not take."""
    for name in TUTORING:
        if (folder / f"{name}.jsonl").exists():
            taught = {each.id for each in public(folder) if each.source == name}
            for number, row in enumerate(rows(folder / f"{name}.jsonl")):
                if f"{name}-{number}" not in taught and str(row["text"]).strip():
                    sender = "student" if row["label"] == "student" else "staff"
                    yield strange(f"{name}-{number}", str(row["text"]), name, sender)


def rows(path: Path) -> Iterator[dict[str, object]]:
    """The rows of a file of JSON lines."""
    return (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)


def _notices(folder: Path) -> Iterator[Example]:
    for path in sorted(folder.glob("*.txt")):
        subject, _, text = path.read_text("utf-8", "replace").partition("\n")
        yield strange(path.stem, text.strip(), NOTICES, "staff", subject=subject.strip(), channel="mail")


def strange(
    id: str,
    text: str,
    source: str,
    sender: str = "staff",
    hateful: bool = False,
    subject: str = "",
    channel: str = "sms",
) -> Example:
    """A text from elsewhere; what is hateful is so by clause 7c."""
    labels = frozenset({"7c", "hold"}) if hateful else frozenset()
    return Example(id, text, subject, channel, sender, labels, "", "en", False, source)


def hatecheck(path: Path) -> list[Example]:
    """Every case of HateCheck as a text of a staff member; the source is the function that it tests."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            strange(row["case_id"], row["test_case"], row["functionality"], hateful=row["label_gold"] == "hateful")
            for row in csv.DictReader(file)
        ]


def _hatecheck(found: Sequence[Result]) -> Iterator[str]:
    for word, said in (("held", [each.held for each in found]), ("held or flagged", [each.raised for each in found])):
        right = np.array(said) == np.array([each.example.hold for each in found])
        bad = np.array([each.example.hold for each in found])
        yield (
            f"HateCheck, {word}: right {rate(right)}, hateful {rate(right[bad])}, not hateful {rate(right[~bad])}, "
            f"macro-F1 {macro_f1(np.array(said), bad):.3f}"
        )
    yield "HateCheck by function: right by holding"
    for function in dict.fromkeys(each.example.source for each in found):
        mine = [each for each in found if each.example.source == function]
        yield f"  {function:24} {rate([each.held == each.example.hold for each in mine])}"


def edos(path: Path) -> list[Example]:
    """The development split of EDOS, task A, as texts of a staff member."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            strange(row["rewire_id"], row["text"], "edos dev", hateful=row["label_sexist"] == "sexist")
            for row in csv.DictReader(file)
            if row["split"] == "dev"
        ]


def _edos(found: Sequence[Result]) -> Iterator[str]:
    true = np.array([each.example.hold for each in found])
    for word, said in (
        ("held", [each.held for each in found]),
        ("7c at 0.5", [each.verdict.score("7c") >= 0.5 for each in found]),
        ("held or flagged", [each.raised for each in found]),
    ):
        yield f"EDOS task A, dev, {word}: macro-F1 {macro_f1(np.array(said), true):.3f} of {len(found)}"


def macro_f1(
    said: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], true: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> float:
    """The mean of F1 of both answers."""
    return (quality(said, true).f1.value + quality(~said, ~true).f1.value) / 2


def _own(title: str, found: Sequence[Result]) -> Iterator[str]:
    bad = [each for each in found if each.example.labels - {"help"}]
    clean = [each for each in found if not each.example.labels]
    held, raised = rate([each.held for each in bad]), rate([each.raised for each in bad])
    yield f"{title}: bad held {held}, held or flagged {raised}"
    if clean:
        yield f"{title}: clean held {rate([each.held for each in clean])}"
