"""Public sets of ordinary talk: people who did nothing wrong, in registers that the corpus lacks.

The sets are not kept in the repository. Each lies in a folder of its own name below the folder given with --data, as
its authors publish it. Their rows say only that nothing prohibited and no call for help is in them. Purposes and
clauses 1, 4, 6 and 8 stay unknown: strangers write about orders, bookings and accounts.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from classifiers.training.examples.labeled import LABELS, Example

KNOWN = frozenset(LABELS) - {"1", "4", "6", "8"}
"""What a row of ordinary talk says something about."""
MEASURED_EVERY = 10
"""One text in this many is kept from training, and `chaperone evaluate` measures on it."""
_WEIGHT = 0.5
_LONGEST = 4000
_DOUBTFUL = re.compile(
    r"\b(kill\w*|murder\w*|suicid\w*|die|dying|dead|death|rape\w*|sex\w*|porn\w*|nude\w*|naked|gun|guns|shoot\w*|bomb\w*|weapon\w*"
    r"|terror\w*|drug\w*|weed|cocaine|marijuana|beer|wine|vodka|whisk\w*|drunk|alcohol\w*|cocktail\w*|bar|bars|smok\w*"
    r"|hate|hates|stupid|idiot\w*|dumb|ugly|fat|loser\w*|damn|hell|shit\w*|fuck\w*|bitch\w*|ass|crap|racis\w*|sexis\w*|nazi\w*"
    r"|gay|lesbian|slut\w*|whore\w*|kiss\w*|boyfriend|girlfriend|dating|gambl\w*|steal\w*|stole\w*|hack\w*|fraud\w*|divorc\w*"
    r"|abus\w*|violen\w*|blood\w*|knife|knives|stab\w*|slave\w*|war|wars|army|killed|muert\w*|matar\w*|sexo|droga\w*|arma|armas)\b",
    re.IGNORECASE,
)
"""Where a set is not about one plain matter, texts with these words are left out: nobody labeled them one by one."""


@dataclass(frozen=True, slots=True)
class OrdinarySet:
    """A public set: where its authors publish it, under which licence, and how its texts are read.

    `texts` gives the texts of a folder. `filtered` leaves out texts with words that need a label of their own.
    """

    name: str
    source: str
    licence: str
    register: str
    texts: Callable[[Path], Iterator[str]]
    language: str = "en"
    filtered: bool = True


def _clinc(folder: Path) -> Iterator[str]:
    """CLINC150: `data/data_full.json`, lists of [text, intent] by split."""
    for rows in json.loads((folder / "data" / "data_full.json").read_text("utf-8")).values():
        yield from (text for text, _ in rows)


def _banking(folder: Path) -> Iterator[str]:
    """Banking77: `banking_data/train.csv` and `test.csv` with a column text."""
    for path in sorted((folder / "banking_data").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as rows:
            yield from (row["text"] for row in csv.DictReader(rows) if row.get("text"))


def _restaurants(folder: Path) -> Iterator[str]:
    """Restaurant8k: what guests say when they book a table."""
    for path in sorted((folder / "span_extraction" / "restaurant8k").glob("*.json")):
        for row in json.loads(path.read_text("utf-8")):
            yield row["userInput"]["text"]


def _schema_guided(folder: Path) -> Iterator[str]:
    """Schema-Guided Dialogue: turns of assistants and users in twenty domains, two turns of one speaker at most."""
    for path in sorted(folder.glob("*/dialogues_*.json")):
        for dialogue in json.loads(path.read_text("utf-8")):
            yield from (turn["utterance"] for turn in dialogue["turns"])


def _taskmaster(folder: Path) -> Iterator[str]:
    """Taskmaster-1 to 4: conversations with `utterances`, each with its text."""
    for path in sorted(folder.glob("TM-*/**/*.json")):
        conversations = json.loads(path.read_text("utf-8"))
        if not isinstance(conversations, list):
            continue
        for conversation in conversations:
            if isinstance(conversation, Mapping):
                yield from (turn["text"] for turn in conversation.get("utterances", ()))


def _taskmaster_tickets(folder: Path) -> Iterator[str]:
    """The training split of Taskmaster-3: talk about cinema tickets, as one line of marked-up turns a row."""
    for path in sorted(folder.glob("TM-3-2020/splits/train/*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            yield from re.findall(r"<[UA]>([^<]+)", line)
            reply = re.search(r"\t\[A\]([^\t]+)", line)
            if reply:
                yield reply.group(1)


def _multidogo(folder: Path) -> Iterator[str]:
    """MultiDoGO: turns of customers and agents of six services, tab-separated with a column utterance."""
    pattern = "data/paper_splits/splits_annotated_at_turn_level/*/*.tsv"
    for path in sorted(folder.glob(pattern)):
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row.get("utterance"):
                    yield row["utterance"]


def _topical_chat(folder: Path) -> Iterator[str]:
    """Topical-Chat: two adults chat about sports, films, books, politics and science."""
    for path in sorted((folder / "conversations").glob("*.json")):
        for conversation in json.loads(path.read_text("utf-8")).values():
            yield from (turn["message"] for turn in conversation["content"])


def _snips(folder: Path) -> Iterator[str]:
    """Snips: requests to an assistant, each text in pieces."""
    for path in sorted(folder.glob("2017-06-custom-intent-engines/*/train_*_full.json")):
        for rows in json.loads(path.read_text("latin-1")).values():
            for row in rows:
                yield "".join(piece["text"] for piece in row["data"])


def _home_assistant(folder: Path) -> Iterator[str]:
    """NLU-Evaluation-Data: requests to a robot at home, semicolon-separated with a column answer."""
    for path in sorted((folder / "AnnotatedData").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows, delimiter=";"):
                if row.get("answer") and not str(row.get("status", "")).startswith("IRR"):
                    yield row["answer"]


def _web_treebank(folder: Path) -> Iterator[str]:
    """English Web Treebank: real business mail, reviews and answers of 2000 to 2012, by paragraph of a document."""
    paths = [*folder.glob("*.conllu"), *folder.glob("not-to-release/sources/*/*.conllu")]
    for path in sorted(paths):
        wanted = path.parent.name in ("email", "reviews", "answers")
        sentences: list[str] = []
        for line in path.read_text("utf-8").splitlines():
            if line.startswith(("# newdoc", "# newpar")):
                if sentences:
                    yield " ".join(sentences)
                sentences = []
                if line.startswith("# newdoc") and path.parent == folder:
                    wanted = line.split("=")[-1].strip().split("-")[0] in ("email", "reviews", "answers")
            elif line.startswith("# text = ") and wanted:
                sentences.append(line.removeprefix("# text = "))
        if sentences:
            yield " ".join(sentences)


def _spanish_treebanks(folder: Path) -> Iterator[str]:
    """A Spanish treebank of Universal Dependencies: web text or spoken Spanish, by sentence."""
    for path in sorted(folder.glob("*.conllu")):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("# text = "):
                yield line.removeprefix("# text = ")


_GITHUB = "github.com/"
ORDINARY_SETS = (
    OrdinarySet(
        "clinc",
        _GITHUB + "clinc/oos-eval",
        "CC BY 3.0",
        "requests to an assistant, 150 matters",
        _clinc,
        filtered=False,
    ),
    OrdinarySet(
        "banking",
        _GITHUB + "PolyAI-LDN/task-specific-datasets",
        "CC BY 4.0",
        "customers to a bank",
        _banking,
        filtered=False,
    ),
    OrdinarySet(
        "restaurants",
        _GITHUB + "PolyAI-LDN/task-specific-datasets",
        "CC BY 4.0",
        "guests who book a table",
        _restaurants,
        filtered=False,
    ),
    OrdinarySet(
        "schema_guided",
        _GITHUB + "google-research-datasets/dstc8-schema-guided-dialogue",
        "CC BY-SA 4.0",
        "bookings, weather, visits, films, rides",
        _schema_guided,
    ),
    OrdinarySet(
        "taskmaster", _GITHUB + "google-research-datasets/Taskmaster", "CC BY 4.0", "orders and bookings", _taskmaster
    ),
    OrdinarySet(
        "taskmaster_tickets",
        _GITHUB + "google-research-datasets/Taskmaster",
        "CC BY 4.0",
        "cinema tickets",
        _taskmaster_tickets,
    ),
    OrdinarySet(
        "multidogo",
        _GITHUB + "awslabs/multi-domain-goal-oriented-dialogues-dataset",
        "CDLA Permissive 1.0",
        "support chats of six services",
        _multidogo,
    ),
    OrdinarySet(
        "topical_chat",
        _GITHUB + "alexa/Topical-Chat",
        "CDLA Sharing 1.0",
        "chat on sports, films and books",
        _topical_chat,
    ),
    OrdinarySet(
        "snips", _GITHUB + "sonos/nlu-benchmark", "CC0 1.0", "requests to an assistant", _snips, filtered=False
    ),
    OrdinarySet(
        "home_assistant", _GITHUB + "xliuhw/NLU-Evaluation-Data", "CC BY 4.0", "requests at home", _home_assistant
    ),
    OrdinarySet(
        "web_treebank",
        _GITHUB + "UniversalDependencies/UD_English-EWT",
        "CC BY-SA 4.0",
        "business mail, reviews, answers",
        _web_treebank,
    ),
    OrdinarySet(
        "spanish_web",
        _GITHUB + "UniversalDependencies/UD_Spanish-GSD",
        "CC BY-SA 4.0",
        "web text and reviews",
        _spanish_treebanks,
        language="es",
    ),
    OrdinarySet(
        "spanish_spoken",
        _GITHUB + "UniversalDependencies/UD_Spanish-COSER",
        "CC BY-SA 4.0",
        "spoken Spanish",
        _spanish_treebanks,
        language="es",
    ),
)


def read_ordinary_set(ordinary: OrdinarySet, folder: Path, held_out: bool = False) -> Iterator[Example]:
    """The texts of one set below a folder, each once, as messages by staff or by students.

    A text's number, direction and share depend on its words only. `held_out` selects the texts that training never
    uses.
    """
    root = folder / ordinary.name
    if not root.is_dir():
        return
    seen = set()
    for text in ordinary.texts(root):
        text = " ".join(text.split())[:_LONGEST]
        key = re.sub(r"\W+", " ", text.lower()).strip()
        if not key or key in seen or (ordinary.filtered and _DOUBTFUL.search(text)):
            continue
        seen.add(key)
        drawn = int.from_bytes(blake2b(f"{ordinary.name}:{key}".encode(), digest_size=8).digest(), "big")
        if (drawn % MEASURED_EVERY == 0) is held_out:
            yield Example(
                id=f"{ordinary.name}-{drawn:016x}",
                text=text,
                subject="",
                channel="sms" if drawn >> 8 & 1 else "mail",
                sender="staff" if drawn >> 9 & 1 else "student",
                labels=frozenset(),
                purpose="",
                language=ordinary.language,
                hard=False,
                source=ordinary.name,
                known=KNOWN,
                weight=_WEIGHT,
                distress=False,
                degree="plain",
            )


def read_ordinary_talk(folder: Path, held_out: bool = False) -> Iterator[Example]:
    """The texts of all sets that a folder has."""
    for ordinary in ORDINARY_SETS:
        yield from read_ordinary_set(ordinary, folder, held_out)
