"""Sentences, the unit of all later components. Stops and line ends end a sentence; very long ones are cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from classifiers.features.annotations import annotations_of
from classifiers.normalize.tokens import renew_vocabulary

MAX_WORDS = 40
_STOP = re.compile(r"(?:(?<![.!?…])[.!?…]++[\"')\]]*+(?=\s)|\n)\s*+")
_WORD = re.compile(r"\S+")
_ABBREVIATION = re.compile(
    r"(?:^|\s)(?:mr|mrs|ms|dr|st|sr|sra|srta|prof|no|vs|etc|e\.g|i\.e|p\.m|a\.m|[a-z])\.\s*\Z", re.IGNORECASE
)


@Language.factory("chaperone_sentences")
def create(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """The spaCy component. As the first one it also renews the vocabulary."""

    def read(doc: Doc) -> Doc:
        renew_vocabulary(nlp)
        return annotate(doc)

    return read


def annotate(doc: Doc) -> Doc:
    """Set the sentences of a doc."""
    annotations = annotations_of(doc)
    annotations.sentences = list(split_sentences(annotations.text))
    return doc


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence. Blank ones are left out."""
    start = 0
    for stop in _STOP.finditer(text):
        if text[stop.start()] == "." and _ABBREVIATION.search(text, max(0, stop.start() - 6), stop.end()):
            continue
        yield from _cut(text, start, stop.end())
        start = stop.end()
    yield from _cut(text, start, len(text))


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    sentence = text[start:end]
    if not sentence.strip():
        return
    if len(sentence) < 4 * MAX_WORDS:
        yield start, end
        return
    words = list(_WORD.finditer(sentence))
    for at in range(0, len(words), MAX_WORDS):
        begin = start + words[at].start() if at else start
        yield begin, start + words[at + MAX_WORDS].start() if at + MAX_WORDS < len(words) else end
