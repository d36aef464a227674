"""The head: weighs what the other components found and gives calibrated scores, in which 0.5 is the point to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components.confidential import FORMS, RECORDS
from classifiers.components.lexicon import cues
from classifiers.evidence import Evidence, Floats, evidence
from gateway.core.verdict import PURPOSES

OTHERS = ("words", "windows", "tricks", "from_staff", "spanish", "short")
"""Features that are no evidence by themselves, but change what evidence means."""


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """What the head learned: a column per output over standardised features; `shift` moves the holding point to 0.5."""

    outputs: tuple[str, ...]
    features: tuple[str, ...]
    center: Floats
    scale: Floats
    weights: Floats  # features x outputs
    bias: Floats
    shift: Floats


def cue_names() -> tuple[str, ...]:
    """The cues that are features, in a fixed order."""
    named = [f"{cue.clause}.{cue.name}" for cue in cues()]
    named += [f"8.{name}" for name, _ in FORMS]
    named += [f"8.{record}_of_{whose}" for record in sorted(RECORDS) for whose in ("other", "reader")]
    return (*dict.fromkeys(named), "1.social_link", "4.chat_link", "2.link")


def feature_names(heads: tuple[str, ...]) -> tuple[str, ...]:
    """The features of the head, for a linear reader with these heads."""
    return (*(f"most.{head}" for head in heads), *(f"whole.{head}" for head in heads), *cue_names(), *OTHERS)


def features(noted: Evidence) -> Floats:
    """The features of one text's evidence, in the order of `feature_names`."""
    assert noted.whole is not None
    most = np.max([window.logits for window in noted.windows], axis=0) if noted.windows else noted.whole
    counts = dict.fromkeys(cue_names(), 0)
    for hit in noted.hits:
        name = "2.link" if hit.clause == "2" else f"{hit.clause}.{hit.cue}"
        if name in counts:
            counts[name] += 1
    words = len(noted.words)
    others = (
        np.log1p(words),
        np.log1p(len(noted.windows)),
        np.log1p(noted.tricks),
        float(noted.direction == "staff_to_student"),
        float(noted.language == "es"),
        float(words < 8),
    )
    row: Floats = np.concatenate([most, noted.whole, np.log1p(list(counts.values())), others]).astype(np.float32)
    return row


class Head:
    """Applies the weights to evidence."""

    def __init__(self, weights: HeadWeights) -> None:
        self.weights = weights
        self._clauses = [name for name in weights.outputs if not name.startswith("purpose:")]
        self._purposes = [weights.outputs.index(f"purpose:{name}") for name in PURPOSES]

    def read(self, noted: Evidence) -> None:
        """Note scores, purpose, help, and for each clause which component weighed most."""
        weights = self.weights
        row = np.clip((features(noted) - weights.center) / weights.scale, -6, 6)
        logits = row @ weights.weights + weights.bias
        shifted = 1 / (1 + np.exp(-np.clip(logits + weights.shift, -30, 30)))
        for name in self._clauses:
            noted.scores[name] = float(shifted[weights.outputs.index(name)])
        noted.help = noted.scores.pop("help")
        chances = np.exp(logits[self._purposes] - logits[self._purposes].max())
        noted.purpose = {
            name: round(float(chance), 4) for name, chance in zip(PURPOSES, chances / chances.sum(), strict=True)
        }
        noted.leading = self._leading(noted, row)

    def _leading(self, noted: Evidence, row: Floats) -> dict[str, str]:
        """The component behind each clause that scored: that of its cues where they weigh as much as the reader."""
        found = {hit.clause: hit.by for hit in noted.hits}
        heads = sum(name.startswith(("most.", "whole.")) for name in self.weights.features)
        out = {}
        for clause, score in noted.scores.items():
            if score < 0.1:
                continue
            parts = row * self.weights.weights[:, self.weights.outputs.index(clause)]
            reader, cue = float(parts[:heads].clip(0).sum()), float(parts[heads:].clip(0).sum())
            out[clause] = found[clause] if clause in found and cue > reader else "linear"
        return out


@Language.factory("chaperone_head")
class Weighing:
    """The head as the last component of the pipeline; it is given its weights after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.head: Head | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Note the scores of a doc."""
        if self.head is not None:
            self.head.read(evidence(doc))
        return doc


def table(weights: HeadWeights) -> Mapping[str, Mapping[str, float]]:
    """The weights by output and feature, for people who want to look."""
    return {
        output: dict(zip(weights.features, map(float, weights.weights[:, column]), strict=True))
        for column, output in enumerate(weights.outputs)
    }
