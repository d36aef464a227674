"""Labeled messages for training and evaluation, and how they are split.

Splits go by blocks of neighboring rows of a file, because a question and its reply stand side by side and one author
wrote each file. Blocks that share a near-duplicate are merged, so no text is on both sides of a split in another form.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, combinations
from pathlib import Path

from gateway.core.fault import Fault
from gateway.core.policy.clauses import LEARNED

CORPUS = Path(__file__).parents[1] / "corpus"
"""The corpus of the repository. It is not part of an installed package."""
EVALUATION = "evaluation"
"""The folder in a corpus with messages that no model learns from."""
DEVELOPMENT_SET = "development.jsonl"
EVALUATION_SETS = ("cross_section.jsonl", "short_direct_messages.jsonl", "later_authors.jsonl")
SHORT_REPLIES = "short_replies.jsonl"
CONVERSATIONS = "conversations.jsonl"

ORIGINAL_NAMES: Mapping[str, str] = {
    "blunt_and_short": "plain",
    "blunt_and_short_second_author": "outright",
    "calm_staff_mail_7b_to_7e": "tempers",
    "clean_all_purposes": "ordinary",
    "confidential_and_contact_8_1_4_6": "boundaries",
    "confidential_contact_and_help": "special",
    "conflicts_7d_7e_9": "quarrels",
    "contrast_7b_7c_7d_9": "contrast_7bcd9",
    "contrast_8_and_quoted_threads": "contrast_8_threads",
    "daily_traffic": "daily",
    "demeaning_7c_7e": "dignity",
    "grooming_7a": "grooming",
    "grooming_and_contact_7a_1_4_6_7b": "mentors",
    "hidden_contact_1_4": "aside",
    "hidden_contact_1_4_6_7a": "sidedoor",
    "illegal_acts_7b_7d_9": "illicit",
    "jokes_and_polite_prose_7b_7c": "jests",
    "legitimate_purposes": "legitimate",
    "long_newsletters_and_lists": "bulletin",
    "offensive_remarks_7c_7e": "remarks",
    "polite_wording_all_clauses": "whispers",
    "prohibited_7a_to_7e_and_9": "prohibited",
    "purpose_borders": "purposes",
    "purposes_and_hard_clean": "daybook",
    "spanish_first_set": "spanish",
    "spanish_general": "espanol",
    "spanish_subtle": "correo",
    "student_help_and_lookalikes": "voices",
    "student_help_and_short_replies": "afternoon",
    "student_messages": "students",
    "students_to_staff": "hallway",
    "subtle_grooming_7a_in_proper_mail": "quiet",
    "threats_7d_7e_9": "threats",
    "very_short_and_very_long": "brief",
}
"""The names that files of the corpus had when the shipped model was trained.

Order and splits of the corpus are derived from them, and `model.json` lists them. They must stay until a model is
trained from scratch; otherwise the test split would contain messages that the model has learned from.
"""

BLOCK = 20
FOLDS = 3
TEST, CALIBRATION = -1, -2
"""Instead of a fold: rows that nothing learns from, and rows by which only stackings and thresholds are chosen."""
TEST_SHARE, CALIBRATION_SHARE = 0.06, 0.25
"""Of the blocks. Only rows with a degree are used for calibration."""
_DUPLICATE_SHARE = 0.5
"""The share of common shingles from which two texts are near-duplicates."""
_MIN_SHINGLES = 5
_MAX_OWNERS = 40
"""A shingle of more texts than this is a common phrase, and merges no blocks."""
Progress = Callable[[str, int, int], None]
"""Called with the stage of the work, how much is done, and the total."""

LABELS = (*LEARNED, "hold", "help", "distress")
DEGREES = ("plain", "clear", "borderline")
"""How sure the labels of a message are, and how much a wrong answer costs. See LABELS.md of the corpus."""


COSTS: Mapping[str, float] = {"plain": 2.5, "clear": 2.0, "borderline": 1.0}
"""What a wrong answer costs by degree; 1 where the degree is unknown."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labeled message.

    `known` are the labels that its annotation covers; `weight` is its weight in training. `distress` says whether a
    student is in distress without being in danger, None where nobody said: then a student's call for help may be one
    of either, so help is unknown as well. `degree` is one of DEGREES, "" if unknown.
    """

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
    distress: bool | None = None
    degree: str = ""

    @property
    def hold(self) -> bool:
        """Whether a careful principal would hold it."""
        return "hold" in self.labels

    @property
    def cost(self) -> float:
        """The weight in training: a wrong answer costs most on what is plain."""
        return self.weight * COSTS.get(self.degree, 1.0)

    @property
    def help(self) -> bool:
        """Whether a student asks for help in it."""
        return "help" in self.labels


def load_corpus(folder: Path = CORPUS) -> list[Example]:
    """The corpus, in the order of `corpus_files`."""
    return [example for path in corpus_files(folder) for example in read_examples(path)]


def corpus_files(folder: Path = CORPUS) -> list[Path]:
    """The files of the corpus, ordered by the names that they had first. Raises Fault if there are none."""
    files = sorted(folder.glob("*.jsonl"), key=lambda path: original_name(path.stem))
    if not files:
        raise Fault(
            f"no labeled messages in {folder}: installed packages have none; "
            "give --corpus FOLDER, a copy of classifiers/training/corpus from the source repository"
        )
    return files


def original_name(source: str) -> str:
    """The name under which a file of the corpus is split, and listed in `model.json`."""
    return ORIGINAL_NAMES.get(source, source)


def load_development_set(folder: Path = CORPUS) -> list[Example]:
    """The messages by which thresholds are chosen. Their authors saw no model, and no model learns from them."""
    return read_examples(evaluation_file(DEVELOPMENT_SET, folder))


def load_evaluation_set(folder: Path = CORPUS) -> list[Example]:
    """The messages to measure on: a cross-section, short direct ones as case files quote them, and later authors."""
    return [example for name in EVALUATION_SETS for example in read_examples(evaluation_file(name, folder))]


def evaluation_file(name: str, folder: Path = CORPUS) -> Path:
    """A file of the folder of messages to measure on. Raises Fault if the corpus is missing."""
    path = folder / EVALUATION / name
    if not path.exists():
        corpus_files(folder)
        raise Fault(f"{path} is missing; copy it from classifiers/training/corpus of the source repository")
    return path


def read_examples(path: Path) -> list[Example]:
    """The rows of a file of labeled messages: a corpus, or the output of `chaperone feedback export`."""
    return [example_from_row(json.loads(line), path.stem) for line in path.read_text("utf-8").splitlines() if line]


def example_from_row(row: Mapping[str, object], source: str) -> Example:
    """The example of one row."""
    labels = {str(label) for label in row["labels"]}  # type: ignore[attr-defined]  # a list by the file format
    labels |= {"hold"} if row["hold"] else set()
    labels |= {"help"} if row["help_seeking"] else set()
    distress = row.get("distress")
    labels |= {"distress"} if distress else set()
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
        known=_known_labels(row),
        distress=None if distress is None else bool(distress),
        degree=str(row.get("degree") or ""),
    )


def _known_labels(row: Mapping[str, object]) -> frozenset[str]:
    """The labels that the annotation of a row covers."""
    listed = row.get("known")
    known = set(LABELS if listed is None else map(str, listed))  # type: ignore[call-overload]  # a list by the format
    if row.get("distress") is None and row["from"] == "student" and not row["labels"]:
        known -= {"help", "distress"} if row["help_seeking"] else {"distress"}
    return frozenset(known)


def assign_folds(examples: Sequence[Example], seed: int) -> list[int]:
    """For each example its fold, 0 to FOLDS - 1, or TEST or CALIBRATION."""
    return assign_folds_by_seeds(examples, (seed,))[0]


def assign_folds_by_seeds(examples: Sequence[Example], seeds: Iterable[int]) -> list[list[int]]:
    """The folds by each seed, while near-duplicates are searched for once."""
    block_of = [f"{original_name(example.source)}:{number // BLOCK}" for number, example in _numbered(examples)]
    leader = _merged_blocks(examples, block_of)
    with_degree = {leader[block] for block, example in zip(block_of, examples, strict=True) if example.degree}
    folds = [_folds_of_blocks(set(leader.values()), with_degree, seed) for seed in seeds]
    return [[fold[leader[block]] for block in block_of] for fold in folds]


def _folds_of_blocks(blocks: Iterable[str], with_degree: Iterable[str], seed: int) -> dict[str, int]:
    fold = {}
    for block in blocks:
        drawn = _drawn(f"{seed}:{block}")
        fold[block] = TEST if drawn < TEST_SHARE else int((drawn - TEST_SHARE) / (1 - TEST_SHARE) * FOLDS)
    for block in with_degree:
        if fold[block] != TEST and _drawn(f"{seed}:calibration:{block}") < CALIBRATION_SHARE:
            fold[block] = CALIBRATION
    return fold


def _drawn(text: str) -> float:
    """A number from 0 to 1 that depends on the text only."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def near_duplicates(few: Sequence[Example], many: Sequence[Example]) -> list[tuple[str, str]]:
    """Those of a few examples that share half of their shingles with one of many: (its id, the other's id)."""
    shingles_of_few = [_shingles(example.text) for example in few]
    wanted = frozenset(chain.from_iterable(shingles_of_few))
    owners: dict[int, list[int]] = defaultdict(list)
    for number, example in enumerate(many):
        for shingle in wanted & _shingles(example.text):
            owners[shingle].append(number)
    found = []
    for example, shingles in zip(few, shingles_of_few, strict=True):
        shared = Counter(number for shingle in shingles for number in owners.get(shingle, ()))
        for number, count in shared.most_common(1):
            if len(shingles) >= _MIN_SHINGLES and count >= _DUPLICATE_SHARE * len(shingles):
                found.append((example.id, many[number].id))
    return found


def _numbered(examples: Iterable[Example]) -> Iterable[tuple[int, Example]]:
    """Each example with its number in its file."""
    count: dict[str, int] = defaultdict(int)
    for example in examples:
        yield count[example.source], example
        count[example.source] += 1


def _merged_blocks(examples: Sequence[Example], block_of: Sequence[str]) -> dict[str, str]:
    """Merge blocks that share a near-duplicate: half of the four-word shingles of the shorter text.

    Which block leads the others, and so their fold, depends on the order of the pairs. It follows the texts, because
    the order of a set of hashes would differ by process.
    """
    leader = {block: block for block in block_of}

    def find(block: str) -> str:
        while leader[block] != block:
            leader[block] = leader[leader[block]]
            block = leader[block]
        return block

    shingles = [tuple(dict.fromkeys(_shingles_in_order(example.text))) for example in examples]
    times = Counter(chain.from_iterable(shingles))  # most shingles are of one text, and need no list
    owners: dict[int, list[int]] = defaultdict(list)
    for number, own in enumerate(shingles):
        for shingle in own:
            if 1 < times[shingle] <= _MAX_OWNERS:
                owners[shingle].append(number)
    shared = Counter(chain.from_iterable(combinations(numbers, 2) for numbers in owners.values()))
    for (one, other), count in shared.items():
        shorter = min(len(shingles[one]), len(shingles[other]))
        if shorter >= _MIN_SHINGLES and count >= _DUPLICATE_SHARE * shorter:
            leader[find(block_of[one])] = find(block_of[other])
    return {block: find(block) for block in leader}


def _shingles(text: str) -> frozenset[int]:
    return frozenset(_shingles_in_order(text))


def _shingles_in_order(text: str) -> Iterator[int]:
    """The hashes of the runs of four words. Their values differ by process; their order and equality do not."""
    words = re.findall(r"\w+", text.lower())
    return (hash(" ".join(words[at : at + 4])) for at in range(max(1, len(words) - 3)))
