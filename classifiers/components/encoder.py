"""The encoders: attention layers over word pieces, each asked only where those before it are not sure.

First a small English one, then one that was taught many languages. What each says is weighed with all that was said
before it; where none is asked, the head has the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from tokenizers import Tokenizer

from classifiers.components import encoder_windows as stretches
from classifiers.components.head import Head
from classifiers.components.mixing import HOLDING, Mixing, pooled, unsure
from classifiers.features.annotations import Evidence, Floats, Numbers, evidence

_LOOK = 0.49
"""The highest score below the point to hold."""
_DIFFERENCE = 0.7
"""What a clause's logit has to have gained for the finding to be an encoder's."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The numbers that begin and end a text, say who wrote it, or stand for a piece left out."""

    COUNT: ClassVar[int] = 5
    AROUND: ClassVar[int] = 3  # of them around each stretch: begin, who wrote it, end

    begin: int
    end: int
    staff: int
    student: int
    dropped: int

    @classmethod
    def behind(cls, kept: int) -> Marks:
        """The marks, whose rows stand behind those of so many word pieces."""
        return cls(*range(kept, kept + cls.COUNT))

    def around(self, pieces: Numbers, from_staff: bool) -> Numbers:
        """A stretch as the encoder takes it."""
        mark = self.staff if from_staff else self.student
        return np.concatenate([[self.begin, mark], pieces, [self.end]]).astype(np.int64)


class Cutting(Protocol):
    """How an encoder cuts a text into its word pieces: `count` kinds of them, at most `room` read together."""

    @property
    def count(self) -> int: ...
    @property
    def room(self) -> int: ...
    def pieces(self, noted: Evidence) -> tuple[Numbers, Numbers]:
        """The pieces of a text, and where each begins."""


@dataclass(frozen=True, slots=True)
class Noted:
    """The word pieces that the linear reader has noted already."""

    count: int
    room: int = stretches.ROOM

    def pieces(self, noted: Evidence) -> tuple[Numbers, Numbers]:
        """See `Cutting`."""
        return noted.pieces, noted.piece_starts


class Anew:
    """Word pieces of an encoder's own, in lower case."""

    room = 109

    def __init__(self, tokenizer: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self.count = self._tokenizer.get_vocab_size()

    def number(self, word: str) -> int:
        """The number of a word that is one piece. Raises KeyError for another."""
        found: int | None = self._tokenizer.token_to_id(f"\u2581{word}")
        if found is None:
            raise KeyError(word)
        return found

    def pieces(self, noted: Evidence) -> tuple[Numbers, Numbers]:
        """See `Cutting`."""
        text = noted.text.replace("\n", " ")
        low = text.lower()
        cut = self._tokenizer.encode(low if len(low) == len(text) else text, add_special_tokens=False)
        return np.array(cut.ids, np.int64), np.array([start for start, _ in cut.offsets], np.int64)


class EncoderReader:
    """A network as it is shipped, on one thread."""

    def __init__(self, model: Path, cutting: Cutting) -> None:
        import onnxruntime  # here, so that a process without an encoder does not pay for it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False  # lengths vary; nothing is to settle
        options.log_severity_level = 4
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._cutting = cutting
        self._marks = Marks.behind(cutting.count)

    def read(self, noted: Evidence, runs: Sequence[tuple[int, int]]) -> Floats:
        """The logits of runs of sentences, each (first, behind the last): a row each."""
        pieces, starts = self._cutting.pieces(noted)
        out = []
        for run in runs:
            begin, end = np.searchsorted(starts, stretches.bounds(noted, run))
            read = self._marks.around(
                pieces[begin : min(end, begin + self._cutting.room)], noted.direction != "student_to_staff"
            )
            out.append(self._session.run(None, {"pieces": read[None]})[0][0])
        return np.stack(out)


@dataclass(frozen=True, slots=True)
class Stage:
    """An encoder, and how it is weighed with all that was said before it."""

    reader: EncoderReader
    mixing: Mixing


@Language.factory("chaperone_encoder")
class Encoding:
    """The encoders as the last component of the pipeline; it is given its parts after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.stages: Sequence[Stage] = ()
        self.head: Head | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Where the head is not sure: read, weigh anew, and say where it was an encoder that made the difference."""
        noted = evidence(doc)
        if self.head is None or noted.weighed is None or noted.settled is None:
            return doc
        outputs = self.head.weights.outputs
        said = [noted.weighed[None]]
        logits, shift, before = noted.settled, self.head.mixing.shift, noted.weighed
        first = logits + shift
        for stage in self.stages:
            if not unsure(outputs, before, stage.mixing.gate, noted.direction):
                break
            if not ask(stage.reader, noted, outputs):
                break
            said.append(pooled(noted.encoded[-1], self.head.purposes)[None])
            logits, shift = stage.mixing.logits(outputs, said)[0], stage.mixing.shift
            before = logits
        if noted.encoded:
            self._note(noted, logits, shift)
            for name, more in zip(outputs, logits + shift - first, strict=True):
                if more > _DIFFERENCE:
                    noted.leading.setdefault(name, "encoder")
        return doc

    def _note(self, noted: Evidence, logits: Floats, shift: Floats) -> None:
        assert self.head is not None
        alone = dict(noted.scores)
        self.head.note(noted, logits, shift)
        noted.scores["hold"] = max(alone["hold"], noted.scores["hold"])  # asked of clauses 1 and 4: either is enough
        if stretches.is_long(noted):
            for name in HOLDING:  # of a long text encoders take a hold back, but not the asking for a look
                noted.scores[name] = max(noted.scores[name], min(alone[name], _LOOK))


def ask(reader: EncoderReader, noted: Evidence, outputs: Sequence[str]) -> bool:
    """Note what the next encoder says of a text; whether there was anything to read."""
    if not noted.encoded:
        runs = noted.stretches = stretches.chosen(noted)
    else:
        telling = [outputs.index(name) for name in ("hold", "help", *HOLDING)]
        runs = stretches.further(noted.stretches, noted.encoded[0], telling)
    if runs:
        noted.encoded.append(reader.read(noted, runs))
    return bool(runs)


def telling(reader: EncoderReader, noted: Evidence, column: int) -> tuple[int, int] | None:
    """Start and end of the sentence that speaks most for a head to the first encoder, within the stretch that does."""
    if not noted.encoded:
        return None
    first, behind = noted.stretches[int(noted.encoded[0][:, column].argmax())]
    rows = reader.read(noted, [(at, at + 1) for at in range(first, behind)])
    return noted.sentences[first + int(rows[:, column].argmax())]
