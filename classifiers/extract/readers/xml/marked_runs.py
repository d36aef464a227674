"""Words of an Office file that are marked one by one among others: bold, in a color, large, underlined or shaded.

A person reads the marked words as a sentence of their own if they are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from classifiers.extract.readers.orders.looks import TextsByLook
from gateway.core.mime.drawn_text.looks import PLAIN, Look, LookRows

RUNS = frozenset(("r", "span"))
LOOKS = frozenset("rPr solidFill".split())
"""Elements whose children say how a run looks. In OpenDocument its style does."""
_NO_LOOKS = frozenset("lang noProof rFonts szCs bCs iCs latin ea cs sym solidFill proofErr".split())
_NOT_SHOWN = "vanish"
_NO_LOOK_ATTRIBUTES = frozenset("lang altLang dirty err noProof smtClean".split())


class MarkedRuns:
    """Collects runs of a few words by how they look; `shown` is the list to which the text of a file is added."""

    def __init__(self, shown: Sequence[str]) -> None:
        self._shown = shown
        self._look: list[str] = []
        self._start = -1
        self._texts, self._rows = TextsByLook(), LookRows()
        self.latest = PLAIN
        """The look of the last run that had a text."""

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
        self._texts.add_run(" ".join(self._look), "".join(self._shown[self._start :]))
        self._start = -1

    def text(self, text: str) -> None:
        """A text, of the open run or of none."""
        self.latest = Look(self._look) if self._start >= 0 else PLAIN
        if _NOT_SHOWN not in self.latest:
            self._rows.add(text, self.latest)

    def end_row(self) -> None:
        """A line ends."""
        self._rows.end_row()

    def draw_letters(self) -> bool:
        """Whether the looks of runs draw letters."""
        return self._rows.draw_letters()

    def sentences(self) -> Iterator[str]:
        """What the runs of one look say, or those of all looks but the usual one."""
        return self._texts.sentences(sum(map(len, self._shown)))  # outside of runs, in OpenDocument
