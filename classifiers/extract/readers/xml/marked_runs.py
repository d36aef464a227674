"""Words of an Office file that are marked one by one among others: bold, in a color, large, underlined or shaded.

A person reads the marked words as a sentence of their own if they are one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from classifiers.extract.hidden_writing.word_order import is_natural, plain_words

RUNS = frozenset(("r", "span"))
LOOKS = frozenset("rPr solidFill".split())
"""Elements whose children say how a run looks. In OpenDocument its style does."""
_NO_LOOKS = frozenset("lang noProof rFonts szCs bCs iCs latin ea cs sym solidFill proofErr".split())
_NO_LOOK_ATTRIBUTES = frozenset("lang altLang dirty err noProof smtClean".split())
_MAX_WORDS, _MAX_RUNS = 3, 4_000
"""Words of a run that is marked among others, and runs that are looked at."""


class MarkedRuns:
    """Collects runs of a few words by how they look; `shown` is the list to which the text of a file is added."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._shown = shown
        self._look: list[str] = []
        self._start = -1
        self._runs: list[tuple[str, str]] = []
        self._letters: Counter[str] = Counter()

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A run begins, or an element that says how the open one looks."""
        if name in RUNS:
            self._start = len(self._shown)
            self._look = [value for key, value in attributes.items() if key.endswith("style-name")]
        elif self._start >= 0 and name not in _NO_LOOKS:
            given = [f"{key}={value}" for key, value in attributes.items() if key not in _NO_LOOK_ATTRIBUTES]
            if given or name != "rPr":
                self._look.append(" ".join((name, *given)))

    def end(self) -> None:
        """A run ends."""
        if self._start < 0:
            return
        text, look = "".join(self._shown[self._start :]), " ".join(self._look)
        self._start = -1
        self._letters[look] += len(text)
        if 0 < len(text.split()) <= _MAX_WORDS and len(self._runs) < _MAX_RUNS:
            self._runs.append((look, text))

    def sentences(self) -> Iterator[str]:
        """What the runs of one look say, or those of all looks but the usual one."""
        if not self._runs:
            return
        letters = self._letters.copy()
        letters[""] += sum(map(len, self._shown)) - letters.total()  # outside of runs, in OpenDocument
        usual = max(letters, key=letters.__getitem__)
        texts: dict[str, list[str]] = {}
        for look, text in self._runs:
            if look != usual:
                texts.setdefault(look, []).append(text)
        together = [text for look, text in self._runs if look != usual]
        for parts in (*texts.values(), *([together] if len(texts) > 1 else ())):
            words = " ".join(parts).split()
            if is_natural(plain_words(words)):
                yield " ".join(words)
