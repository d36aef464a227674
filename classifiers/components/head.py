"""The head: weighs what the other components found and gives calibrated scores, in which 0.5 is the point to hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components.confidential import FORMS, RECORDS
from classifiers.components.lexicon import cues
from classifiers.components.meaning import is_told_of
from classifiers.components.mixing import HOLDING, Mixing
from classifiers.features.annotations import Evidence, Floats, evidence
from gateway.core.messages.verdict import PURPOSES

OTHERS = ("words", "windows", "tricks", "from_staff", "spanish", "short")
"""Features that are no evidence by themselves, but change what evidence means."""

DOUBT = 1.0
"""How much further above its point a text to hold has to stand than a call for help does, to be none.

Whoever deals, threatens or mocks often sounds like somebody in need; few who are in need sound like something to hold.
"""

_LIMIT = 6.0
_WORTH_NAMING = -2.2
"""The shifted logit from which it is asked which component a clause rests on: a score of a tenth."""


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """What the head learned: a few small networks over standardised features, whose logits are averaged."""

    outputs: tuple[str, ...]
    features: tuple[str, ...]
    center: Floats
    scale: Floats
    first: Floats  # networks x features x hidden
    first_bias: Floats
    second: Floats  # networks x hidden x outputs
    second_bias: Floats

    def logits(self, rows: Floats) -> Floats:
        """The logits of rows of features, a column per output."""
        rows = np.clip((np.atleast_2d(rows) - self.center) / self.scale, -_LIMIT, _LIMIT)
        hidden = np.maximum(np.einsum("rf,kfh->krh", rows, self.first) + self.first_bias[:, None], 0)
        out: Floats = (np.einsum("krh,kho->kro", hidden, self.second) + self.second_bias[:, None]).mean(axis=0)
        hold = out[:, self.outputs.index("hold")].copy()
        for clause in HOLDING:
            out[:, self.outputs.index(clause)] = (out[:, self.outputs.index(clause)] + hold) / 2
        return out


@cache
def cue_names() -> tuple[str, ...]:
    """The cues that are features, in a fixed order."""
    named = [f"{cue.clause}.{cue.name}" for cue in cues() if not cue.floor]
    named += [f"8.{name}" for name, _ in FORMS]
    named += [f"8.{record}_of_{whose}" for record in sorted(RECORDS) for whose in ("other", "reader")]
    return (*dict.fromkeys(named), "1.social_link", "4.chat_link", "2.link")


@cache
def _places() -> dict[str, int]:
    return {name: at for at, name in enumerate(cue_names())}


def feature_names(heads: tuple[str, ...]) -> tuple[str, ...]:
    """The features of the head, for readers with these heads."""
    read = (f"{kind}.{head}" for kind in ("most", "whole") for head in heads)
    return (*read, *cue_names(), *OTHERS)


def features(noted: Evidence) -> Floats:
    """The features of one text's evidence, in the order of `feature_names`."""
    assert noted.whole is not None
    most = np.max([window.logits for window in noted.windows], axis=0) if noted.windows else noted.whole
    places = _places()
    counts = np.zeros(len(places), np.float32)
    for hit in noted.hits:
        at = places.get("2.link" if hit.clause == "2" else f"{hit.clause}.{hit.cue}")
        if at is not None:
            counts[at] += 1
    words = len(noted.words)
    others = (
        np.log1p(words),
        np.log1p(len(noted.windows)),
        np.log1p(noted.tricks),
        float(noted.direction == "staff_to_student"),
        float(noted.language == "es"),
        float(words < 8),
    )
    row: Floats = np.concatenate([most, noted.whole, np.log1p(counts), others]).astype(np.float32)
    return row


class Head:
    """Applies the weights to evidence; `mixing` makes of the logits what is said where nobody else is asked."""

    def __init__(self, weights: HeadWeights, mixing: Mixing) -> None:
        self.weights, self.mixing = weights, mixing
        self._column = {name: number for number, name in enumerate(weights.outputs)}
        self._purposes = [self._column[f"purpose:{name}"] for name in PURPOSES]
        self.purposes = len(PURPOSES)
        self._holding = [self._column[name] for name in HOLDING]
        self._floors = {(cue.clause, cue.name): cue.floor for cue in cues() if cue.floor}
        names = cue_names()
        self._first_cue = weights.features.index(names[0])
        self._cues = {
            clause: [self._first_cue + at for at, name in enumerate(names) if name.startswith(f"{clause}.")]
            for clause in self._column
        }

    def read(self, noted: Evidence) -> None:
        """Note scores, purpose, help, and for each clause which component weighed most."""
        row = features(noted)
        noted.weighed = self.weights.logits(row)[0]
        noted.settled = self.mixing.logits(self.weights.outputs, [noted.weighed[None]])[0]
        self._lead(noted, row, noted.weighed, noted.settled + self.mixing.shift)
        self.note(noted, noted.settled, self.mixing.shift)

    def note(self, noted: Evidence, logits: Floats, shift: Floats) -> None:
        """Note scores, purpose and help by these logits."""
        above = logits + shift
        above[self._column["help"]] -= max(0.0, float(above[self._holding].max()) - DOUBT)
        shifted = 1 / (1 + np.exp(-np.clip(above, -30, 30)))
        for name, at in self._column.items():
            if not name.startswith("purpose:"):
                noted.scores[name] = float(shifted[at])
        noted.help = noted.scores.pop("help")
        chances = np.exp(logits[self._purposes] - logits[self._purposes].max())
        noted.purpose = {
            name: round(float(chance), 4) for name, chance in zip(PURPOSES, chances / chances.sum(), strict=True)
        }
        self._speak_plainly(noted)

    def _speak_plainly(self, noted: Evidence) -> None:
        """Raise a clause to the floor of a plain cue, unless it is only told of where it stands."""
        for hit in noted.hits:
            floor = self._floors.get((hit.clause, hit.cue), 0.0)
            if floor and floor > noted.scores[hit.clause] and not is_told_of(noted, hit):
                noted.scores[hit.clause] = floor
                noted.leading[hit.clause] = hit.by

    def _lead(self, noted: Evidence, row: Floats, logits: Floats, shifted: Floats) -> None:
        """The component behind each clause that scored: the one whose cues it would not have scored without."""
        found = {hit.clause: hit.by for hit in noted.hits}
        likely = shifted >= _WORTH_NAMING
        asked = [clause for clause, at in self._column.items() if likely[at] and clause in found]
        if asked:
            without = np.repeat(row[None], len(asked), axis=0)
            for at, clause in enumerate(asked):
                without[at, self._cues[clause]] = 0
            rest = self.weights.logits(without)
            for at, clause in enumerate(asked):
                if logits[self._column[clause]] - rest[at, self._column[clause]] > 1.0:
                    noted.leading[clause] = found[clause]


@Language.factory("chaperone_head")
class Weighing:
    """The head as the last component of the pipeline; it is given its weights after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.reader: Head | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Note the scores of a doc."""
        if self.reader is not None:
            self.reader.read(evidence(doc))
        return doc
