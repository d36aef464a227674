"""Phrases that say something by themselves, from the files of lexicons/: cues with names, per clause and language.

The phrases are patterns of alternatives that stand for several hundred thousand word sequences, too many for a phrase
matcher's table: they are one automaton over words, made deterministic state by state as texts walk through it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import Hit, evidence

FOLDER = Path(__file__).parents[1] / "lexicons"
FILES = ("grooming", "contact", "conduct", "obscene", "personal", "records", "help", "plain")

ANY = "*"
"""In a phrase: any one word."""

_PART = re.compile(r"\(([^()]*)\)|(\S+)")
_ACCENTS = re.compile("[áàâäéèêëíìîïóòôöúùûü]")


@dataclass(frozen=True, slots=True)
class Cue:
    """A named list of phrases that speak for a clause ("help" and "context" are no clauses, but evidence too).

    `floor` is the score that the clause has at least where such a phrase stands; 0: the head weighs it.
    """

    clause: str
    name: str
    phrases: tuple[str, ...]
    floor: float = 0.0


@cache
def cues() -> tuple[Cue, ...]:
    """Every cue of the shipped lexicons."""
    found = []
    for file in FILES:
        table = tomllib.loads((FOLDER / f"{file}.toml").read_text("utf-8"))
        for entry in table["cue"]:
            phrases = (*entry.get("en", ()), *entry.get("es", ()))
            found.append(Cue(entry["clause"], entry["cue"], phrases, entry.get("floor", 0.0)))
    return tuple(found)


def words_of(names: Sequence[str]) -> frozenset[str]:
    """The single words of the named cues."""
    return frozenset(
        word
        for cue in cues()
        if cue.name in names
        for phrase in cue.phrases
        for alternative in re.split(r"[()|]", phrase)
        for word in [alternative.strip()]
        if word.isalpha() and len(word) >= 3
    )


class Phrases:
    """Finds cues in a sequence of lower-case words; vowels with and without accent are the same, as many write them."""

    def __init__(self, cues: Iterable[Cue]) -> None:
        self._next: list[dict[str, list[int]]] = [{}]
        self._ends: dict[int, int] = {}
        for number, cue in enumerate(cues):
            for phrase in cue.phrases:
                self._add(phrase, number)
        self._states: dict[frozenset[int], _State] = {}
        self._root = self._state(frozenset([0]))

    def _add(self, phrase: str, number: int) -> None:
        """Lay a pattern into the automaton; an optional part leaves its beginnings among the ends."""
        fronts = {0}
        for choice, single in _PART.findall(phrase):
            written = choice.split("|") if choice else [single]
            alternatives = [_plain_words(each) for each in written]
            reached = set(fronts) if "" in written else set()
            join = self._node()
            joined = False
            for words in filter(None, alternatives):
                joined = True
                for front in fronts:
                    at = front
                    for word in words[:-1]:
                        at = self._step(at, word, self._node())
                    self._step(at, words[-1], join)
            fronts = reached | ({join} if joined else set())
        for front in fronts - {0}:
            self._ends[front] = number

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
        """(cue number, first word, word behind the last) of the longest match of each cue from each word."""
        words = [word if word.isascii() else plain(word) for word in words]
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


def plain(word: str) -> str:
    """A word without the accents of its vowels."""
    return _ACCENTS.sub(lambda found: unicodedata.normalize("NFD", found.group())[0], word)


def _plain_words(text: str) -> list[str]:
    words = re.split(r"[\s\-.]+", plain(text))
    return [word for word in words if word == ANY or any(char.isalnum() for char in word)]


@Language.factory("chaperone_lexicon")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The component."""
    listed = cues()
    phrases = Phrases(listed)

    def read(doc: Doc) -> Doc:
        noted = evidence(doc)
        at = 0
        for _, end in noted.sentences:
            begin = at
            while at < len(noted.words) and noted.words[at][1] < end:
                at += 1
            for number, first, behind in phrases.find([word for word, _, _ in noted.words[begin:at]]):
                start, last = noted.words[begin + first][1], noted.words[begin + behind - 1][2]
                noted.hits.append(Hit(listed[number].clause, listed[number].name, start, last, "lexicon"))
        return doc

    return read
