"""Public sets for breadth, read from folders given with --data: other registers than the district's own voice.

Tweets mark dialect as offensive more often than they should, so they weigh little; and each set speaks only about the
labels that its annotators looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from classifiers.training.examples import LABELS, Example

UNSEEN = 10
"""One row in so many teaches nothing, so that there is foreign text to measure on."""

_ALL = frozenset(LABELS)


@dataclass(frozen=True, slots=True)
class _Set:
    """How one set is read: its weight, every how-manieth row, the labels of a row, and what it speaks about.

    Of every set one row in UNSEEN is never taken.
    """

    weight: float
    every: int
    labels: Callable[[Mapping[str, object]], frozenset[str]]
    known: frozenset[str]
    purpose: str = ""


def _unless(clean: str, *labels: str) -> Callable[[Mapping[str, object]], frozenset[str]]:
    return lambda row: frozenset() if row["label"] == clean else frozenset(labels)


def _never(row: Mapping[str, object]) -> frozenset[str]:
    return frozenset()


def _chat(row: Mapping[str, object]) -> frozenset[str]:
    """Texts among friends are no school business."""
    return frozenset({"6"}) if row["label"] == "ham" else frozenset()


_SETS = {
    "cima": _Set(0.3, 8, _never, _ALL, "academic"),
    "bridge": _Set(0.5, 2, _never, _ALL, "academic"),
    "edos": _Set(0.3, 1, _unless("not sexist", "7c", "hold"), frozenset({"7c", "hold", "help"})),
    "hatemoji": _Set(0.3, 1, _unless("not_hate", "7c", "hold"), frozenset({"7c", "hold", "help"})),
    "surge_toxicity": _Set(0.4, 2, _unless("Not Toxic", "hold"), frozenset({"hold", "help", "9", "1", "4"})),
    "davidson": _Set(0.1, 60, _never, frozenset({"help", "9", "1", "4", "8"})),
    "sms_spam": _Set(0.3, 4, _chat, frozenset({"6", "help", "7d", "7c", "7e", "8"})),
}


def public(folder: Path, unseen: bool = False) -> Iterator[Example]:
    """The examples of the sets in a folder that are known here; sexism's and hatred's labels are those of clause 7c.

    Training takes a row in so many; `unseen` gives the rows that it never takes, as a development set of foreign text.
    """
    for name, how in _SETS.items():
        path = folder / f"{name}.jsonl"
        if not path.exists():
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(line)
            apart = number % UNSEEN == UNSEEN - 1
            used = apart if unseen else number % how.every == 0 and not apart
            if not used or row.get("split", "train") not in ("train", "") or not str(row["text"]).strip():
                continue
            yield Example(
                id=f"{name}-{number}",
                text=str(row["text"]),
                subject="",
                channel="sms" if number % 2 else "mail",
                sender="staff" if number % 3 else "student",
                labels=how.labels(row),
                purpose=how.purpose,
                language="en",
                hard=False,
                source=name,
                known=how.known,
                weight=how.weight,
            )
