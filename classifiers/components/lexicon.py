"""The lexicon: phrases from the files in lexicons/, grouped into named cues per clause, in English and Spanish.

Each phrase is a pattern of alternatives. Together the patterns stand for several hundred thousand word sequences, too
many for a table. They are compiled into one automaton over words, which is made deterministic state by state while
texts pass through it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components.reported_speech import CONTEXT_CLAUSE, HARMLESS
from classifiers.features.annotations import Hit, annotations_of
from gateway.core.messages.verdict import DISTRESS, HELP

FOLDER = Path(__file__).parents[1] / "lexicons"
FIRST_FILES = ("grooming", "contact", "conduct", "obscene", "personal", "records", "help", "plain", "distress")
"""Files in the order in which the shipped model was trained. All other files of cues follow, by name."""
OTHER_FILES = ("languages", "shorthand")
"""Files in lexicons/ that hold no cues."""

NOT_CLAUSES = (CONTEXT_CLAUSE, HELP, DISTRESS, HARMLESS)
"""What stands in the place of a clause id for cues that are evidence, but of no clause."""

ANY = "*"
"""In a phrase: any one word."""

_PART = re.compile(r"\(([^()]*)\)|(\S+)")
_LIST = re.compile(r"\{(\w+)\}")
_MISPLACED = re.compile(r"[^\s)]\(")
_PARENTHESIS = re.compile(r"[()]")
_ACCENTS = re.compile("[áàâäéèêëíìîïóòôöúùûü]")


@dataclass(frozen=True, slots=True)
class Cue:
    """A named list of phrases that are evidence for a clause.

    `floor` is the lowest score of the clause, of help or of distress in a text with such a phrase. With 0 the head
    weighs the cue. A cue of a clause that the model has not learned counts as `head.NEW_CLAUSE_SCORE` when it has no
    floor. A cue of distress with a floor is a sorrow that is no danger by itself.
    """

    clause: str
    name: str
    phrases: tuple[str, ...]
    floor: float = 0.0


@cache
def cues(folder: str = "") -> tuple[Cue, ...]:
    """Every cue of the shipped lexicons, then those of another folder. Raises ValueError that names a wrong file."""
    found = list(_read_cues(FOLDER))
    if folder:
        found += _read_cues(Path(folder))
    return tuple(found)


def _read_cues(folder: Path) -> Iterator[Cue]:
    names = {path.stem for path in folder.glob("*.toml")} - set(OTHER_FILES)
    first = [name for name in FIRST_FILES if name in names]
    for name in (*first, *sorted(names - set(first))):
        path = folder / f"{name}.toml"
        try:
            content = tomllib.loads(path.read_text("utf-8"))
            lists = {str(name): str(words) for name, words in content.get("lists", {}).items()}
            for entry in content["cue"]:
                yield _cue(entry, lists)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: not a lexicon ({error}); see the README beside the shipped ones") from error


def _cue(entry: dict[str, object], lists: Mapping[str, str]) -> Cue:
    phrases = tuple(_expand(phrase, lists) for phrase in (*_phrases(entry, "en"), *_phrases(entry, "es")))
    cue = Cue(str(entry["clause"]), str(entry["cue"]), phrases, float(str(entry.get("floor", 0.0))))
    if cue.floor and cue.clause in (CONTEXT_CLAUSE, HARMLESS):
        raise ValueError(f"cue {cue.name}: only a cue of a clause, of help or of distress has a floor")
    return cue


def _expand(phrase: str, lists: Mapping[str, str]) -> str:
    """A phrase with the words of a list for each of its names in braces.

    Raises ValueError for an unknown name, for parentheses within parentheses, and for those that follow a letter.
    """

    def words(found: re.Match[str]) -> str:
        if found[1] not in lists:
            raise ValueError(f"no list {found[1]}")
        return lists[found[1]]

    expanded = _LIST.sub(words, phrase)
    if _MISPLACED.search(expanded) or _PARENTHESIS.search(_PART.sub(_outside, expanded)):
        raise ValueError(f"parentheses within parentheses or right after a letter: {phrase}")
    return expanded


def _outside(part: re.Match[str]) -> str:
    """What of a part of a phrase stands outside of parentheses."""
    return part[2] or ""


def _phrases(entry: dict[str, object], language: str) -> list[str]:
    phrases = entry.get(language, [])
    if not isinstance(phrases, list):
        raise TypeError(f"{language} is not a list of phrases")
    return list(map(str, phrases))


def single_words(cues: Iterable[Cue], names: Collection[str]) -> frozenset[str]:
    """The single words of the named cues."""
    return frozenset(
        word
        for cue in cues
        if cue.name in names
        for phrase in cue.phrases
        for alternative in re.split(r"[()|]", phrase)
        for word in [alternative.strip()]
        if word.isalpha() and len(word) >= 3
    )


class PhraseMatcher:
    """Finds cues in a sequence of lower-case words. Accents on vowels are ignored, because many people omit them."""

    def __init__(self, cues: Iterable[Cue]) -> None:
        self._next: list[dict[str, list[int]]] = [{}]
        self._ends: dict[int, int] = {}
        for number, cue in enumerate(cues):
            for phrase in cue.phrases:
                self._add(phrase, number)
        self._states: dict[frozenset[int], _State] = {}
        self._root = self._state(frozenset([0]))

    def _add(self, phrase: str, number: int) -> None:
        """Add a pattern to the automaton. After an optional part, the nodes before it stay among the current ones."""
        current = {0}
        for choice, single in _PART.findall(phrase):
            written = choice.split("|") if choice else [single]
            alternatives = [_plain_words(text) for text in written]
            reached = set(current) if "" in written else set()
            join = self._node()
            joined = False
            for words in filter(None, alternatives):
                joined = True
                for start in current:
                    at = start
                    for word in words[:-1]:
                        at = self._step(at, word, self._node())
                    self._step(at, words[-1], join)
            current = reached | ({join} if joined else set())
        for end in current - {0}:
            self._ends[end] = number

    def _node(self) -> int:
        self._next.append({})
        return len(self._next) - 1

    def _step(self, at: int, word: str, to: int) -> int:
        self._next[at].setdefault(word, []).append(to)
        return to

    def _state(self, nodes: frozenset[int]) -> _State:
        state = self._states.get(nodes)
        if state is None:
            following: dict[str, list[int]] = {}
            for node in nodes:
                for word, targets in self._next[node].items():
                    following.setdefault(word, []).extend(targets)
            ends = frozenset(self._ends[node] for node in nodes if node in self._ends)
            for word in following.keys() - {ANY}:
                following[word] += following.get(ANY, ())
            state = self._states[nodes] = _State(following, ends, {})
        return state

    def find(self, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """Yield (cue number, first word, word after the last) for the longest match of each cue from each word."""
        words = [word if word.isascii() else without_accents(word) for word in words]
        reach: dict[int, int] = {}
        for first in range(len(words)):
            state: _State | None = self._root
            longest: dict[int, int] = {}
            at = first
            while state is not None and at < len(words):
                word = words[at] if words[at] in state.following else ANY
                known = state.steps.get(word)
                if known is None and word in state.following:
                    known = state.steps[word] = self._state(frozenset(state.following[word]))
                state = known
                at += 1
                if state is not None:
                    for cue in state.ends:
                        longest[cue] = at
            for cue, end in longest.items():
                if end > reach.get(cue, 0):
                    reach[cue] = end
                    yield cue, first, end


@dataclass(slots=True)
class _State:
    following: dict[str, list[int]]
    ends: frozenset[int]
    steps: dict[str, _State]


def without_accents(word: str) -> str:
    """A word without the accents of its vowels."""
    return _ACCENTS.sub(lambda found: unicodedata.normalize("NFD", found.group())[0], word)


def _plain_words(text: str) -> list[str]:
    words = re.split(r"[\s\-.]+", without_accents(text))
    return [word for word in words if word == ANY or any(char.isalnum() for char in word)]


@Language.factory("chaperone_lexicon", default_config={"folder": ""})
def create(nlp: Language, name: str, folder: str) -> Callable[[Doc], Doc]:
    """The spaCy component. `folder` holds more cues; "" for the shipped ones only."""
    listed = cues(folder)
    matcher = PhraseMatcher(listed)

    def annotate(doc: Doc) -> Doc:
        annotations = annotations_of(doc)
        at = 0
        for _, end in annotations.sentences:
            begin = at
            while at < len(annotations.words) and annotations.words[at][1] < end:
                at += 1
            for number, first, end_word in matcher.find([word for word, _, _ in annotations.words[begin:at]]):
                start, last = annotations.words[begin + first][1], annotations.words[begin + end_word - 1][2]
                annotations.hits.append(Hit(listed[number].clause, listed[number].name, start, last, "lexicon"))
        return doc

    return annotate
