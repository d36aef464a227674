"""The encoder: six small attention layers over word pieces, asked only where the readers before it are not sure.

It reads stretches of whole sentences, a bounded number of them, so that a long newsletter is neither cut in the middle
nor dear. What it says is weighed with what the head said; where it is not asked, the head has the word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components.head import HOLDING, Head
from classifiers.evidence import Evidence, Floats, Numbers, evidence

LONGEST = 80
"""Word pieces that are read together, marks and all."""

MOST = 5
"""Stretches of a text that are read; of more, those in which the linear reader sees most."""

SHORT = 40
"""Word pieces of a stretch of a long text, one that fills more than two: it speaks of many things, one by one."""

_ROOM = LONGEST - 3
_LOOK = 0.49
"""The highest score below the point to hold."""
_DIFFERENCE = 0.7
"""What a clause's logit has to have gained for the finding to be the encoder's."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The numbers that begin and end a text, say who wrote it, or stand for a piece left out."""

    begin: int
    end: int
    staff: int
    student: int
    dropped: int

    @classmethod
    def behind(cls, kept: int) -> Marks:
        """The marks, whose rows stand behind those of so many word pieces."""
        return cls(*range(kept, kept + 5))

    def around(self, pieces: Numbers, from_staff: bool) -> Numbers:
        """A stretch as the encoder takes it."""
        mark = self.staff if from_staff else self.student
        return np.concatenate([[self.begin, mark], pieces[:_ROOM], [self.end]]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Mixing:
    """How head and encoder are weighed together, and when the encoder is asked.

    `weights` turn what `beside` gives into logits of the same outputs; `shift` moves their points to hold to 0.5. The
    encoder is asked where a shifted logit of the head is above its `gate`.
    """

    weights: Floats  # (twice the outputs, and three) x outputs
    bias: Floats
    shift: Floats
    gate: Floats


class EncoderReader:
    """The network as it is shipped, on one thread."""

    def __init__(self, model: Path, pieces: int) -> None:
        import onnxruntime  # here, so that a process without an encoder does not pay for it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # lengths vary; nothing is to settle
        options.log_severity_level = 4
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._marks = Marks.behind(pieces)

    def read(self, noted: Evidence) -> None:
        """Note the logits of each stretch."""
        chosen = sorted(sorted(stretches(noted), key=lambda each: -_promise(noted, each))[:MOST])
        noted.stretches = chosen
        noted.encoded = np.stack([self.logits(noted, *each) for each in chosen]) if chosen else None

    def logits(self, noted: Evidence, first: int, behind: int) -> Floats:
        """The logits of the sentences from `first` to before `behind`."""
        begin, end = np.searchsorted(noted.piece_starts, [_start(noted, first), _start(noted, behind)])
        pieces = self._marks.around(noted.pieces[begin:end], noted.direction != "student_to_staff")
        out: Floats = self._session.run(None, {"pieces": pieces[None]})[0][0]
        return out


def stretches(noted: Evidence) -> Iterator[tuple[int, int]]:
    """The sentences of a text in runs that are short enough: (first, behind the last); a longer sentence is a run."""
    cuts = np.searchsorted(noted.piece_starts, [start for start, _ in noted.sentences])
    cuts = np.append(cuts, len(noted.pieces))
    room = _ROOM if len(noted.pieces) <= 2 * _ROOM else SHORT
    first = 0
    for at in range(1, len(noted.sentences) + 1):
        if at == len(noted.sentences) or cuts[at + 1] - cuts[first] > room:
            if cuts[at] > cuts[first]:
                yield first, at
            first = at


def _start(noted: Evidence, sentence: int) -> int:
    return noted.sentences[sentence][0] if sentence < len(noted.sentences) else len(noted.text)


def _promise(noted: Evidence, stretch: tuple[int, int]) -> float:
    """The highest logit of the linear reader's windows that meet a stretch."""
    first, behind = stretch
    met = [float(each.logits.max()) for each in noted.windows if each.first < behind and each.last >= first]
    return max(met, default=0.0)


def pooled(encoded: Floats, purposes: int) -> Floats:
    """What the encoder says of a whole text: the highest logit of each label, the mean one of each purpose."""
    out: Floats = encoded.max(axis=0)
    out[-purposes:] = encoded[:, -purposes:].mean(axis=0)
    return out


def beside(outputs: Sequence[str], head: Floats, encoded: Floats) -> Floats:
    """The logits of head and encoder side by side, a row a text, and the highest of what texts are held for."""
    holding = [outputs.index(name) for name in HOLDING]
    most = [each[:, holding].max(axis=1, keepdims=True) for each in (head, encoded, head + encoded)]
    return np.concatenate([head, encoded, *most], axis=1)


def settled(outputs: Sequence[str], logits: Floats) -> Floats:
    """Whether to hold is one question, for which clause another: the likeliest clause gets the logit of holding.

    The others stand below it by as much as they are less likely.
    """
    holding = [outputs.index(name) for name in HOLDING]
    out = logits.copy()
    clauses = out[:, holding]
    out[:, holding] = clauses - clauses.max(axis=1, keepdims=True) + out[:, [outputs.index("hold")]]
    return out


@Language.factory("chaperone_encoder")
class Encoding:
    """The encoder as the last component of the pipeline; it is given its parts after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.reader: EncoderReader | None = None
        self.mixing: Mixing | None = None
        self.head: Head | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Where the head is not sure: read, weigh anew, and say where it was the encoder that made the difference."""
        noted = evidence(doc)
        if self.reader is None or self.mixing is None or self.head is None or noted.weighed is None:
            return doc
        if not unsure(noted.weighed + self.head.weights.shift, self.mixing.gate):
            return doc
        self.reader.read(noted)
        if noted.encoded is not None:
            outputs = self.head.weights.outputs
            both = beside(outputs, noted.weighed[None], pooled(noted.encoded, self.head.purposes)[None])
            logits = settled(outputs, both @ self.mixing.weights + self.mixing.bias)[0]
            alone = dict(noted.scores)
            self.head.note(noted, logits, self.mixing.shift)
            noted.scores["hold"] = max(
                alone["hold"], noted.scores["hold"]
            )  # asked of clauses 1 and 4: either is enough
            if len(noted.pieces) > 2 * _ROOM:
                for name in HOLDING:  # of a long text the encoder takes a hold back, but not the asking for a look
                    noted.scores[name] = max(noted.scores[name], min(alone[name], _LOOK))
            raised = logits + self.mixing.shift - noted.weighed - self.head.weights.shift
            for name, more in zip(outputs, raised, strict=True):
                if more > _DIFFERENCE:
                    noted.leading.setdefault(name, "encoder")
        return doc


def unsure(shifted: Floats, gate: Floats) -> bool:
    """Whether any output stands above its gate."""
    return bool((shifted > gate).any())


def telling(reader: EncoderReader, noted: Evidence, column: int) -> tuple[int, int] | None:
    """Start and end of the sentence that speaks most for a head, within the stretch that does."""
    if noted.encoded is None:
        return None
    first, behind = noted.stretches[int(noted.encoded[:, column].argmax())]
    best = max(range(first, behind), key=lambda at: float(reader.logits(noted, at, at + 1)[column]), default=first)
    return noted.sentences[best]
