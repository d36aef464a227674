"""A district's own words in texts: those that stand for ordinary words, and those that are evidence for a clause.

Words are found as whole words of the normalized text, whatever disguise they were written in. Case, accents on vowels
and hyphens do not matter, and the endings -s, -es and 's count as the same word. Other forms are words of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from classifiers.components.lexicon import Cue, PhraseMatcher
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.normalization import Normalizer
from classifiers.normalize.normalized_text import NormalizedText, rewritten
from classifiers.normalize.tokens import words_of
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.verdict import Finding
from gateway.core.policy.district_words import BY_WORDS, DistrictWord

_ENDINGS = ("", "s", "es", "'s")
_MIN_MASKED = 4
"""Letters of a word that is recognized behind asterisks."""


class DistrictWords:
    """The words of one policy, compiled."""

    def __init__(self, words: Sequence[DistrictWord] = ()) -> None:
        self.words = tuple(words)
        self._meanings = [entry for entry in self.words if entry.means]
        self._evidence = [entry for entry in self.words if not entry.means]
        self._find_meaning = _matcher(self._meanings)
        self._find_evidence = _matcher(self._evidence)

    def single_words(self) -> frozenset[str]:
        """The words that a normalizer must know, to undo disguises of them."""
        parts = (part for entry in self.words for part in (*entry.word.replace("-", " ").split(), entry.word))
        return frozenset(filter(str.isalpha, parts))

    def with_meanings(self, text: NormalizedText) -> NormalizedText:
        """The text with ordinary words in the place of those that stand for them. Each keeps where it came from."""
        changes = self.meanings_in(text.text) if self._meanings else []
        return rewritten(text, changes, text.disguises) if changes else text

    def meanings_in(self, text: str) -> list[tuple[int, int, str]]:
        """The start and end of each word of a normalized text that stands for others, and these; in order."""
        found = words_of(text)
        places = [
            (found[first][1], found[end - 1][2], self._meanings[number].means)
            for number, first, end in self._find_meaning.find([word for word, _, _ in found])
        ]
        return sorted(places, key=lambda place: (place[0], -place[1]))

    def occur_in(self, words: Sequence[tuple[str, int, int]]) -> bool:
        """Whether a text with these words has one that is evidence."""
        return next(self._find_evidence.find([word for word, _, _ in words]), None) is not None

    def findings(self, text: PipelineText, annotations: TextAnnotations) -> Iterator[Finding]:
        """One finding for each word in a text that is evidence for a clause."""
        if not self._evidence or not annotations.words:
            return
        places: dict[int, list[tuple[int, int]]] = {}
        for number, first, end in self._find_evidence.find([word for word, _, _ in annotations.words]):
            places.setdefault(number, []).append((annotations.words[first][1], annotations.words[end - 1][2]))
        for number, ranges in places.items():
            entry = self._evidence[number]
            spans = tuple(span for start, end in ranges for span in text.spans(start, end))
            quoted = text.kind is PassageKind.QUOTED
            yield Finding(entry.clause, round(entry.score, 4), BY_WORDS, spans, entry.word, quoted)


class NormalizerWithWords(Normalizer):
    """A normalizer that also undoes disguises of a district's words, and writes what they stand for."""

    def __init__(
        self, known: Collection[str], sensitive: Collection[str], masked: Collection[str], words: DistrictWords
    ) -> None:
        single = words.single_words()
        often_masked = {word for word in single if len(word) >= _MIN_MASKED}
        super().__init__(frozenset(known) | single, frozenset(sensitive) | single, [*masked, *sorted(often_masked)])
        self._shorthand_en = {word: meaning for word, meaning in self._shorthand_en.items() if word not in single}
        self._shorthand_es = {word: meaning for word, meaning in self._shorthand_es.items() if word not in single}
        self._district = words

    def __call__(self, text: str, language: str = "en") -> NormalizedText:
        """See Normalizer."""
        return self._district.with_meanings(super().__call__(text, language))

    def meanings(self, text: str, language: str = "en") -> list[tuple[str, str]]:
        """The words of a text, as received, that are read as others; and these."""
        normal = super().__call__(text, language)
        found = []
        for start, end, means in self._district.meanings_in(normal.text):
            first, last = normal.received_range(start, end)
            found.append((text[first:last], means))
        return found


def _matcher(entries: Sequence[DistrictWord]) -> PhraseMatcher:
    return PhraseMatcher(
        Cue(entry.clause, entry.word, tuple(entry.word + ending for ending in _ENDINGS)) for entry in entries
    )
