"""Words of a document that look alike, and unlike the words around them: bold, in a color, large or in another font.

A person reads the marked words as a sentence of their own if they are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator

from classifiers.extract.hidden_writing.word_order import is_natural, plain_words

_MAX_WORDS, _MAX_RUNS = 3, 4_000
"""Words of a run that is marked among others, and runs that are looked at."""


class TextsByLook:
    """Collects the runs of a document by how they look."""

    def __init__(self) -> None:
        self._runs: list[tuple[Hashable, str]] = []
        self._letters: Counter[Hashable] = Counter()
        self._look: Hashable = None
        self._pieces: list[str] = []

    def add_run(self, look: Hashable, text: str) -> None:
        """Add a run."""
        self._letters[look] += len(text)
        if 0 < len(text.split()) <= _MAX_WORDS and len(self._runs) < _MAX_RUNS:
            self._runs.append((look, text))

    def add_piece(self, look: Hashable, text: str) -> None:
        """Add a part of a run: parts that follow each other and look alike are one."""
        if look != self._look:
            self._end_run()
            self._look = look
        self._pieces.append(text)

    def _end_run(self) -> None:
        if self._pieces:
            self.add_run(self._look, "".join(self._pieces))
            self._pieces = []

    def sentences(self, outside: int = 0, plain: Hashable = "") -> Iterator[str]:
        """What the runs of one look say, or those of all looks but the usual one.

        `outside`: characters that stand in no run and have the look `plain`.
        """
        self._end_run()
        if not self._runs:
            return
        letters = self._letters.copy()
        letters[plain] += max(outside - letters.total(), 0)
        usual = max(letters, key=letters.__getitem__)
        texts: dict[Hashable, list[str]] = {}
        for look, text in self._runs:
            if look != usual:
                texts.setdefault(look, []).append(text)
        together = [text for look, text in self._runs if look != usual]
        for parts in (*texts.values(), *([together] if len(texts) > 1 else ())):
            words = " ".join(parts).split()
            if is_natural(plain_words(words)):
                yield " ".join(words)
