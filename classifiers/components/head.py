"""The head: weighs what the other components found and gives calibrated scores. A score of 0.5 is the point to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components.confidential import IDENTIFIER_PATTERNS, RECORD_CUES
from classifiers.components.lexicon import NOT_CLAUSES, Cue, cues
from classifiers.components.reported_speech import is_harmless, is_mentioned, is_reported
from classifiers.components.stacking import Stacking
from classifiers.features.annotations import Floats, TextAnnotations, annotations_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import DISTRESS, HELP, PURPOSES
from gateway.core.policy.clauses import BY_RULE, HELD, OBSCENE, TOOLS
from gateway.core.tools.register import INVITATION

CONTEXT_FEATURES = ("words", "windows", "tricks", "from_staff", "spanish", "short")
"""Features that are no evidence by themselves but change what the evidence means."""


NEW_CLAUSE_SCORE = 0.6
"""The score of a cue without a floor whose clause the model has not learned: enough to hold."""

HOLDS = 0.5
"""The score from which a clause holds a message."""
_MAX_DEVIATION = 6.0
_MIN_ATTRIBUTED = -2.2
"""The shifted logit (a score of 0.1) from which a clause is attributed to a component."""


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """What the head learned: a few small networks over standardized features, whose logits are averaged."""

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
        rows = np.clip((np.atleast_2d(rows) - self.center) / self.scale, -_MAX_DEVIATION, _MAX_DEVIATION)
        hidden = np.maximum(np.einsum("rf,kfh->krh", rows, self.first) + self.first_bias[:, None], 0)
        out: Floats = (np.einsum("krh,kho->kro", hidden, self.second) + self.second_bias[:, None]).mean(axis=0)
        hold = out[:, self.outputs.index("hold")].copy()
        for clause in HELD:
            out[:, self.outputs.index(clause)] = (out[:, self.outputs.index(clause)] + hold) / 2
        return out


@cache
def cue_feature_names() -> tuple[str, ...]:
    """The cues that are features, in a fixed order."""
    names = [f"{cue.clause}.{cue.name}" for cue in cues() if not cue.floor]
    names += [f"8.{name}" for name, _ in IDENTIFIER_PATTERNS]
    names += [f"8.{record}_of_{person}" for record in sorted(RECORD_CUES) for person in ("other", "reader")]
    return (*dict.fromkeys(names), "1.social_link", "4.chat_link", "2.link")


def feature_names(heads: tuple[str, ...]) -> tuple[str, ...]:
    """The features of the head, for a linear model with these heads."""
    linear = (f"{kind}.{head}" for kind in ("most", "whole") for head in heads)
    return (*linear, *cue_feature_names(), *CONTEXT_FEATURES)


def cue_positions(names: Sequence[str]) -> dict[str, int]:
    """The position of each cue among the cues of features: names as `feature_names` gives them.

    The names are those that a model was trained with. Cues that were added to a lexicon later are not among them.
    """
    first = 2 * sum(name.startswith("most.") for name in names)
    return {name: at for at, name in enumerate(names[first : -len(CONTEXT_FEATURES)])}


def feature_row(annotations: TextAnnotations, positions: Mapping[str, int]) -> Floats:
    """The features of one text, in the order of `feature_names`; `positions` are those of `cue_positions`."""
    assert annotations.whole_text_logits is not None
    most = (
        np.max([window.logits for window in annotations.windows], axis=0)
        if annotations.windows
        else annotations.whole_text_logits
    )
    counts = np.zeros(len(positions), np.float32)
    for hit in annotations.hits:
        if hit.clause == TOOLS and hit.cue.startswith(INVITATION):
            continue  # the model was trained with links only
        at = positions.get("2.link" if hit.clause == TOOLS else f"{hit.clause}.{hit.cue}")
        if at is not None:
            counts[at] += 1
    words = len(annotations.words)
    context = (
        np.log1p(words),
        np.log1p(len(annotations.windows)),
        np.log1p(annotations.disguises),
        float(annotations.direction == "staff_to_student"),
        float(annotations.language == "es"),
        float(words < 8),
    )
    row: Floats = np.concatenate([most, annotations.whole_text_logits, np.log1p(counts), context]).astype(np.float32)
    return row


class HeadModel:
    """Applies the weights to annotations. `stacking` turns the head's logits into scores where no encoder runs."""

    def __init__(self, weights: HeadWeights, stacking: Stacking, cues: Sequence[Cue]) -> None:
        self.weights, self.stacking = weights, stacking
        self._column = {name: number for number, name in enumerate(weights.outputs)}
        self._purposes = [self._column[f"purpose:{name}"] for name in PURPOSES]
        self.purpose_count = len(PURPOSES)
        unscored = {cue.clause for cue in cues} - {*weights.outputs, *BY_RULE, *NOT_CLAUSES}
        self._floors = {
            (cue.clause, cue.name): cue.floor or NEW_CLAUSE_SCORE for cue in cues if cue.floor or cue.clause in unscored
        }
        self._positions = cue_positions(weights.features)
        first_cue = len(weights.features) - len(CONTEXT_FEATURES) - len(self._positions)
        self._cues = {
            clause: [first_cue + at for name, at in self._positions.items() if name.startswith(f"{clause}.")]
            for clause in self._column
        }

    def annotate(self, annotations: TextAnnotations) -> None:
        """Set scores, purpose, help, and for each clause the component that contributed most."""
        row = feature_row(annotations, self._positions)
        annotations.head_logits = self.weights.logits(row)[0]
        annotations.combined_logits = self.stacking.logits(
            self.weights.outputs, [annotations.head_logits[None]], np.array([len(annotations.words)])
        )[0]
        shifted = annotations.combined_logits + self.stacking.shift
        self._attribute_clauses(annotations, row, annotations.head_logits, shifted)
        self.set_scores(annotations, annotations.combined_logits, self.stacking.shift)

    def set_scores(self, annotations: TextAnnotations, logits: Floats, shift: Floats) -> None:
        """Set scores, purpose, help and distress from these logits."""
        shifted = 1 / (1 + np.exp(-np.clip(logits + shift, -30, 30)))
        for name, at in self._column.items():
            if not name.startswith("purpose:"):
                annotations.scores[name] = float(shifted[at])
        annotations.help = annotations.scores.pop("help")
        annotations.distress = annotations.scores.pop("distress", None)
        chances = np.exp(logits[self._purposes] - logits[self._purposes].max())
        annotations.purpose = {
            name: round(float(chance), 4) for name, chance in zip(PURPOSES, chances / chances.sum(), strict=True)
        }
        self._apply_floors(annotations)

    def _apply_floors(self, annotations: TextAnnotations) -> None:
        """Raise a clause, or a student's help or distress, to the floor of a cue, unless the words are not meant.

        Words that are only reported are not meant, nor are those of a shipped clause that a harmless phrase covers
        ("please die quietly"). Obscene words and slurs in quotation marks are spoken of, as lessons and rules do.
        Nobody reports a call for help in that way. Words of sorrow beside what is held do not say that a student is in
        distress.
        """
        for hit in annotations.hits:
            floor = self._floors.get((hit.clause, hit.cue), 0.0)
            if not floor or floor <= _score_of(annotations, hit.clause) or is_reported(annotations, hit):
                continue
            if hit.clause in (HELP, DISTRESS):
                is_held = hit.clause == DISTRESS and max(annotations.scores[clause] for clause in HELD) >= HOLDS
                if is_held or annotations.direction == Direction.STAFF_TO_STUDENT:
                    continue
            elif (hit.clause in HELD and is_harmless(annotations, hit)) or (
                hit.clause == OBSCENE and is_mentioned(annotations, hit)
            ):
                continue
            if hit.clause == HELP:
                annotations.help = floor
            elif hit.clause == DISTRESS:
                annotations.distress = floor
            else:
                annotations.scores[hit.clause] = floor
            annotations.found_by[hit.clause] = hit.by

    def _attribute_clauses(self, annotations: TextAnnotations, row: Floats, logits: Floats, shifted: Floats) -> None:
        """Name the component of each likely clause: the one without whose cues its logit would be lower by 1."""
        components = {hit.clause: hit.by for hit in annotations.hits}
        likely = shifted >= _MIN_ATTRIBUTED
        clauses = [clause for clause, at in self._column.items() if likely[at] and clause in components]
        if clauses:
            without = np.repeat(row[None], len(clauses), axis=0)
            for at, clause in enumerate(clauses):
                without[at, self._cues[clause]] = 0
            rest = self.weights.logits(without)
            for at, clause in enumerate(clauses):
                if logits[self._column[clause]] - rest[at, self._column[clause]] > 1.0:
                    annotations.found_by[clause] = components[clause]


def _score_of(annotations: TextAnnotations, clause: str) -> float:
    """The score of a clause, of help or of distress; 1 for distress that the model does not tell from help."""
    if clause == HELP:
        return annotations.help
    if clause == DISTRESS:
        return 1.0 if annotations.distress is None else annotations.distress
    return annotations.scores.get(clause, 0.0)


@Language.factory("chaperone_head")
class HeadComponent:
    """The head as a component of the pipeline. Its model is set after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.model: HeadModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Set the scores of a doc."""
        if self.model is not None:
            self.model.annotate(annotations_of(doc))
        return doc
