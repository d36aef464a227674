"""The annotations of one text, which the components of the pipeline pass on in `doc.user_data`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from spacy.tokens import Doc

USER_DATA_KEY = "evidence"

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A match of a phrase, rule or detector: the clause it is evidence for, its cue, its place, and the component."""

    clause: str
    cue: str
    start: int
    end: int
    by: str


@dataclass(frozen=True, slots=True)
class SentenceWindow:
    """A few sentences read together: their numbers, and a logit for each head of the linear model."""

    first: int
    last: int
    logits: Floats


@dataclass(slots=True)
class TextAnnotations:
    """The annotations of one normalized text. All offsets refer to that text.

    `words` are its words in lower case with start and end; `sentences` are the bounds of its sentences. `disguises`
    counts disguised words. `head_logits` are the logits of the head, `combined_logits` those after stacking, for texts
    that no encoder reads. `encoder_windows` are the runs of sentences that encoders read; `encoder_logits` has an array
    for each encoder that ran, a row per window; `sentence_logits` those of the first one for the sentences of a window
    by its number, as far as they were needed. `sentence_help` has the help logit that the linear model gives each
    sentence by itself, where a student may have written the text. `help_from` is the score from which help counts in an
    excerpt that is read for help only, 0 for a whole text. `distress` is None if the model does not tell it from help.
    `found_by` names the component behind a clause's score.
    """

    text: str = ""
    words: list[tuple[str, int, int]] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    windows: list[SentenceWindow] = field(default_factory=list)
    whole_text_logits: Floats | None = None
    pieces: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    piece_starts: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    sentence_help: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    direction: str = ""
    help_from: float = 0.0
    language: str = "en"
    disguises: int = 0
    head_logits: Floats | None = None
    combined_logits: Floats | None = None
    encoder_windows: list[tuple[int, int]] = field(default_factory=list)
    encoder_logits: list[Floats] = field(default_factory=list)
    sentence_logits: dict[int, Floats] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    purpose: dict[str, float] = field(default_factory=dict)
    help: float = 0.0
    distress: float | None = None
    found_by: dict[str, str] = field(default_factory=dict)


def annotations_of(doc: Doc) -> TextAnnotations:
    """The annotations of a doc, which the tokenizer created."""
    annotations = doc.user_data[USER_DATA_KEY]
    assert isinstance(annotations, TextAnnotations)
    return annotations
