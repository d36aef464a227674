"""Sentences: the unit in which everything else is read. Line ends and stops end one; endless ones are cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import evidence
from classifiers.normalize.tokens import begin_anew

MAX_WORDS = 40
_STOP = re.compile(r"(?:[.!?…]+[\"')\]]*(?=\s)|\n)\s*")
_WORD = re.compile(r"\S+")
_ABBREVIATED = re.compile(
    r"(?:^|\s)(?:mr|mrs|ms|dr|st|sr|sra|srta|prof|no|vs|etc|e\.g|i\.e|p\.m|a\.m|[a-z])\.\s*\Z", re.IGNORECASE
)


@Language.factory("chaperone_sentences")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The component; as the first one it also sees to the vocabulary."""

    def read(doc: Doc) -> Doc:
        begin_anew(nlp)
        return mark(doc)

    return read


def mark(doc: Doc) -> Doc:
    """Note the sentences of a doc in its evidence."""
    noted = evidence(doc)
    noted.sentences = list(sentences(noted.text))
    return doc


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, blank ones left out."""
    start = 0
    for stop in _STOP.finditer(text):
        if text[stop.start()] == "." and _ABBREVIATED.search(text, max(0, stop.start() - 6), stop.end()):
            continue
        yield from _cut(text, start, stop.end())
        start = stop.end()
    yield from _cut(text, start, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    stretch = text[start:end]
    if not stretch.strip():
        return
    if len(stretch) < 4 * MAX_WORDS:
        yield start, end
        return
    words = list(_WORD.finditer(stretch))
    for at in range(0, len(words), MAX_WORDS):
        begin = start + words[at].start() if at else start
        yield begin, start + words[at + MAX_WORDS].start() if at + MAX_WORDS < len(words) else end
