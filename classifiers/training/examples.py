"""Labelled messages for training and evaluation, and how they are split.

Splits go by blocks of neighbouring rows of a file (question and reply sit side by side, one author wrote a file), and
blocks that share a near-duplicate are one: no text is ever on both sides in another coat.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
MEASURES = Path(__file__).parent / "measures"
"""Messages that no reader learns from: `development` to choose points by, the others to measure on, nothing else."""
BLOCK = 20
FOLDS = 3
TEST_SHARE = 0.06
_TWIN, _TWIN_FROM = 0.5, 5
"""The share of shingles that makes near-duplicates, and from how many on."""
Progress = Callable[[str, int, int], None]
"""Hears of work: the stage, how much is done, of how much."""

LABELS = ("1", "4", "6", "7a", "7b", "7c", "7d", "7e", "8", "9", "hold", "help")


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message. `known` are the labels that its annotation speaks about; `weight` counts in training."""

    id: str
    text: str
    subject: str
    channel: str
    sender: str  # staff or student
    labels: frozenset[str]
    purpose: str
    language: str
    hard: bool
    source: str
    known: frozenset[str] = frozenset(LABELS)
    weight: float = 1.0

    @property
    def hold(self) -> bool:
        """Whether a careful principal would keep it back."""
        return "hold" in self.labels

    @property
    def help(self) -> bool:
        """Whether a student asks for help in it."""
        return "help" in self.labels


def district(folder: Path = CORPUS) -> list[Example]:
    """The district corpus in the order of its files."""
    return [each for path in sorted(folder.glob("*.jsonl")) for each in labelled(path)]


def development(folder: Path = MEASURES) -> list[Example]:
    """The messages by which points are chosen; their hands saw no reader, and no reader sees them."""
    return labelled(folder / "development.jsonl")


def evaluation(folder: Path = MEASURES) -> list[Example]:
    """The messages to measure on, by further hands: a cross-section, and short direct ones as case files quote them."""
    return [*labelled(folder / "evaluation.jsonl"), *labelled(folder / "records.jsonl")]


def labelled(path: Path) -> list[Example]:
    """The rows of one file of labelled messages: a corpus, or what `chaperone feedback export` wrote."""
    return [example_of(json.loads(line), path.stem) for line in path.read_text("utf-8").splitlines() if line]


def example_of(row: Mapping[str, object], source: str) -> Example:
    """The example of one row."""
    labels = {str(label) for label in row["labels"]}  # type: ignore[attr-defined]  # a list by the form of the file
    labels |= {"hold"} if row["hold"] else set()
    labels |= {"help"} if row["help_seeking"] else set()
    known = row.get("known")
    return Example(
        id=str(row["id"]),
        text=str(row["text"]),
        subject=str(row.get("subject") or ""),
        channel=str(row["channel"]),
        sender=str(row["from"]),
        labels=frozenset(labels),
        purpose=str(row["purpose"]),
        language=str(row["lang"]),
        hard=bool(row["hard"]),
        source=source,
        known=frozenset(LABELS if known is None else map(str, known)),  # type: ignore[call-overload]  # a list too
    )


def folds(examples: Sequence[Example], seed: int) -> list[int]:
    """For each example its fold, 0 to FOLDS - 1, or -1 for the test split."""
    block_of = [f"{each.source}:{number // BLOCK}" for number, each in _numbered(examples)]
    leader = _merged(examples, block_of)
    fold = {}
    for block in set(leader.values()):
        drawn = int.from_bytes(blake2b(f"{seed}:{block}".encode(), digest_size=8).digest(), "big") / 2**64
        fold[block] = -1 if drawn < TEST_SHARE else int((drawn - TEST_SHARE) / (1 - TEST_SHARE) * FOLDS)
    return [fold[leader[block]] for block in block_of]


def near_twins(few: Sequence[Example], many: Sequence[Example]) -> list[tuple[str, str]]:
    """Those of a few examples that share half of their shingles with one of many: (its id, the other's id)."""
    owners: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(many):
        for shingle in _shingles(each.text):
            owners[shingle].append(number)
    found = []
    for each in few:
        mine = _shingles(each.text)
        shared = Counter(number for shingle in mine for number in owners.get(shingle, ()))
        for number, count in shared.most_common(1):
            if len(mine) >= _TWIN_FROM and count >= _TWIN * len(mine):
                found.append((each.id, many[number].id))
    return found


def _numbered(examples: Iterable[Example]) -> Iterable[tuple[int, Example]]:
    count: dict[str, int] = defaultdict(int)
    for each in examples:
        yield count[each.source], each
        count[each.source] += 1


def _merged(examples: Sequence[Example], block_of: Sequence[str]) -> dict[str, str]:
    """Blocks joined where they share a near-duplicate: half of the four-word shingles of the shorter text."""
    leader = {block: block for block in block_of}

    def find(block: str) -> str:
        while leader[block] != block:
            leader[block] = leader[leader[block]]
            block = leader[block]
        return block

    shingles = [_shingles(each.text) for each in examples]
    owners: dict[int, list[int]] = defaultdict(list)
    for number, mine in enumerate(shingles):
        for shingle in mine:
            owners[shingle].append(number)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for numbers in owners.values():
        if 1 < len(numbers) <= 40:
            for at, one in enumerate(numbers):
                for other in numbers[at + 1 :]:
                    shared[one, other] += 1
    for (one, other), count in shared.items():
        shorter = min(len(shingles[one]), len(shingles[other]))
        if shorter >= _TWIN_FROM and count >= _TWIN * shorter:
            leader[find(block_of[one])] = find(block_of[other])
    return {block: find(block) for block in leader}


def _shingles(text: str) -> frozenset[int]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(hash(" ".join(words[at : at + 4])) for at in range(max(1, len(words) - 3)))
