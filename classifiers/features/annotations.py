"""What the components of the pipeline gather on one text, handed from one to the next in `doc.user_data`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from spacy.tokens import Doc

KEY = "evidence"

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase, rule or detector that fired: what it speaks for, its name, where, and who found it."""

    clause: str
    cue: str
    start: int
    end: int
    by: str


@dataclass(frozen=True, slots=True)
class Window:
    """A few sentences read together: sentence numbers, and its logit for each head of the linear reader."""

    first: int
    last: int
    logits: Floats


@dataclass(slots=True)
class Evidence:
    """The evidence on one text, the normalised one, whose offsets are used throughout.

    `words` are its words in lower case with their start and end, `sentences` bound its sentences. `weighed` are the
    logits of the head, `settled` what it makes of them where no encoder is asked; `stretches` the runs of sentences
    that encoders read, `encoded` the logits of each encoder that was asked, a row a stretch.
    """

    text: str = ""
    words: list[tuple[str, int, int]] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    whole: Floats | None = None
    pieces: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    piece_starts: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    direction: str = ""
    language: str = "en"
    tricks: int = 0
    weighed: Floats | None = None
    settled: Floats | None = None
    stretches: list[tuple[int, int]] = field(default_factory=list)
    encoded: list[Floats] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    purpose: dict[str, float] = field(default_factory=dict)
    help: float = 0.0
    leading: dict[str, str] = field(default_factory=dict)


def evidence(doc: Doc) -> Evidence:
    """The evidence on a text, as the tokenizer began it."""
    found = doc.user_data[KEY]
    assert isinstance(found, Evidence)
    return found
