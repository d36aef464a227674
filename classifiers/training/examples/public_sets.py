"""Public sets, read from folders given with --data: other registers than a district's own.

Tweets overstate dialect as offensive, so they have low weights. Each set covers only the labels that its annotators
looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from classifiers.training.examples.labeled import LABELS, Example

HELD_OUT_EVERY = 10
"""One row in this many is never trained on, so that public sets can be measured too."""

_ALL = frozenset(LABELS)


@dataclass(frozen=True, slots=True)
class _PublicSet:
    """How a set is read: its weight, which share of its rows, the labels of a row, and the labels that it covers.

    One row in HELD_OUT_EVERY is never used for training.
    """

    weight: float
    every: int
    labels: Callable[[Mapping[str, object]], frozenset[str]]
    known: frozenset[str]
    purpose: str = ""


def _labels_unless(clean: str, *labels: str) -> Callable[[Mapping[str, object]], frozenset[str]]:
    return lambda row: frozenset() if row["label"] == clean else frozenset(labels)


def _no_labels(row: Mapping[str, object]) -> frozenset[str]:
    return frozenset()


def _personal_if_ham(row: Mapping[str, object]) -> frozenset[str]:
    """Texts among friends have no educational purpose."""
    return frozenset({"6"}) if row["label"] == "ham" else frozenset()


_SETS = {
    "cima": _PublicSet(0.3, 8, _no_labels, _ALL, "academic"),
    "bridge": _PublicSet(0.5, 2, _no_labels, _ALL, "academic"),
    "edos": _PublicSet(0.3, 1, _labels_unless("not sexist", "7c", "hold"), frozenset({"7c", "hold", "help"})),
    "hatemoji": _PublicSet(0.3, 1, _labels_unless("not_hate", "7c", "hold"), frozenset({"7c", "hold", "help"})),
    "surge_toxicity": _PublicSet(
        0.4, 2, _labels_unless("Not Toxic", "hold"), frozenset({"hold", "help", "9", "1", "4"})
    ),
    "davidson": _PublicSet(0.1, 60, _no_labels, frozenset({"help", "9", "1", "4", "8"})),
    "sms_spam": _PublicSet(0.3, 4, _personal_if_ham, frozenset({"6", "help", "7d", "7c", "7e", "8"})),
}


def read_public_sets(folder: Path, held_out: bool = False) -> Iterator[Example]:
    """The examples of the known sets in a folder. Sexism and hate speech are labeled as clause 7c.

    Training uses a share of the rows. `held_out` selects the rows that training never uses.
    """
    for name, spec in _SETS.items():
        path = folder / f"{name}.jsonl"
        if not path.exists():
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines()):
            row = json.loads(line)
            is_held_out = number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
            used = is_held_out if held_out else number % spec.every == 0 and not is_held_out
            if not used or row.get("split", "train") not in ("train", "") or not str(row["text"]).strip():
                continue
            yield Example(
                id=f"{name}-{number}",
                text=str(row["text"]),
                subject="",
                channel="sms" if number % 2 else "mail",
                sender="staff" if number % 3 else "student",
                labels=spec.labels(row),
                purpose=spec.purpose,
                language="en",
                hard=False,
                source=name,
                known=spec.known,
                weight=spec.weight,
            )
