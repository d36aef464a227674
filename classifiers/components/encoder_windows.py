"""Stretches: the runs of whole sentences that encoders read, a bounded number of them.

So a long newsletter is neither cut in the middle nor dear.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from classifiers.features.annotations import Evidence, Floats

ROOM = 77
"""Word pieces of a stretch; a longer sentence is a stretch by itself, of which so much is read."""

SHORT = 40
"""Word pieces of a stretch of a long text, one that fills more than two: it speaks of many things, one by one."""

MOST = 5
"""Stretches of a text that are read; of more, those in which the linear reader sees most."""

FEW = 2
"""Stretches that a further encoder reads: those in which the one before it saw most."""


def chosen(noted: Evidence) -> list[tuple[int, int]]:
    """The stretches that are read, in order."""
    return sorted(sorted(stretches(noted), key=lambda each: -_promise(noted, each))[:MOST])


def further(runs: Sequence[tuple[int, int]], said: Floats, columns: Sequence[int]) -> list[tuple[int, int]]:
    """Of the stretches that an encoder read, and what it said of them, those that the next one reads."""
    most = said[:, columns].max(axis=1)
    return [runs[int(at)] for at in sorted(np.argsort(-most, kind="stable")[:FEW])]


def stretches(noted: Evidence) -> Iterator[tuple[int, int]]:
    """The sentences of a text in runs that are short enough: (first, behind the last)."""
    cuts = np.searchsorted(noted.piece_starts, [start for start, _ in noted.sentences])
    cuts = np.append(cuts, len(noted.pieces))
    room = SHORT if is_long(noted) else ROOM
    first = 0
    for at in range(1, len(noted.sentences) + 1):
        if at == len(noted.sentences) or cuts[at + 1] - cuts[first] > room:
            if cuts[at] > cuts[first]:
                yield first, at
            first = at


def is_long(noted: Evidence) -> bool:
    """Whether a text fills more than two stretches."""
    return len(noted.pieces) > 2 * ROOM


def bounds(noted: Evidence, stretch: tuple[int, int]) -> tuple[int, int]:
    """Where in the text a run of sentences begins, and where what follows it does."""
    first, behind = stretch
    end = noted.sentences[behind][0] if behind < len(noted.sentences) else len(noted.text)
    return noted.sentences[first][0], end


def _promise(noted: Evidence, stretch: tuple[int, int]) -> float:
    """The highest logit of the linear reader's windows that meet a stretch."""
    first, behind = stretch
    met = [float(each.logits.max()) for each in noted.windows if each.first < behind and each.last >= first]
    return max(met, default=0.0)
