"""The encoders: attention layers over word pieces. Each runs only where the models before it are not sure.

The shipped model has one, for English and Spanish; a model that was trained from nothing has an English one before it.
The logits of each are combined with those of all models before it. Where no encoder runs, the head decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from tokenizers import Tokenizer

from classifiers.components import encoder_windows
from classifiers.components.head import HeadModel
from classifiers.components.stacking import Stacking, needs_encoder, pool_windows
from classifiers.features.annotations import Floats, Numbers, TextAnnotations, annotations_of
from gateway.core.messages.parties import Direction
from gateway.core.policy.clauses import HELD

BELOW_HOLD = 0.49
"""The highest score that does not hold."""
_ENCODER_GAIN = 0.7
"""How much an encoder must raise a clause's logit for the finding to be attributed to it."""


@dataclass(frozen=True, slots=True)
class SpecialPieces:
    """Ids of the pieces that begin and end a text, name its author's role, or replace a dropped piece."""

    COUNT: ClassVar[int] = 5
    PER_WINDOW: ClassVar[int] = 3  # around each window: begin, role of the author, end

    begin: int
    end: int
    staff: int
    student: int
    dropped: int

    @classmethod
    def after(cls, kept: int) -> SpecialPieces:
        """The special pieces, whose ids follow those of the `kept` word pieces."""
        return cls(*range(kept, kept + cls.COUNT))

    def wrap(self, pieces: Numbers, from_staff: bool) -> Numbers:
        """The input of the encoder for one window."""
        mark = self.staff if from_staff else self.student
        return np.concatenate([[self.begin, mark], pieces, [self.end]]).astype(np.int64)


class PieceTokenizer(Protocol):
    """Cuts a text into word pieces. An encoder reads at most `max_pieces` of them at once."""

    @property
    def vocabulary_size(self) -> int: ...
    @property
    def max_pieces(self) -> int: ...
    def pieces(self, annotations: TextAnnotations) -> tuple[Numbers, Numbers]:
        """The ids of a text's pieces, and the offset at which each begins."""


@dataclass(frozen=True, slots=True)
class SharedPieces:
    """The word pieces that the linear model has already computed."""

    vocabulary_size: int
    max_pieces: int = encoder_windows.MAX_PIECES

    def pieces(self, annotations: TextAnnotations) -> tuple[Numbers, Numbers]:
        """See `PieceTokenizer`."""
        return annotations.pieces, annotations.piece_starts


class OwnPieces:
    """Word pieces from an encoder's own tokenizer, in lower case."""

    max_pieces = 109

    def __init__(self, tokenizer: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self.vocabulary_size = self._tokenizer.get_vocab_size()

    def piece_id(self, word: str) -> int:
        """The id of a word that is one piece. Raises KeyError for any other word."""
        found: int | None = self._tokenizer.token_to_id(f"\u2581{word}")
        if found is None:
            raise KeyError(word)
        return found

    def pieces(self, annotations: TextAnnotations) -> tuple[Numbers, Numbers]:
        """See `PieceTokenizer`."""
        text = annotations.text.replace("\n", " ")
        lowered = text.lower()
        encoding = self._tokenizer.encode(lowered if len(lowered) == len(text) else text, add_special_tokens=False)
        return np.array(encoding.ids, np.int64), np.array([start for start, _ in encoding.offsets], np.int64)


def tokenizer_of(own: Path | None, vocabulary_size: int) -> PieceTokenizer:
    """The tokenizer of an encoder: its `own` if there is such a file, else that of the linear model's vectors."""
    return OwnPieces(own) if own is not None and own.exists() else SharedPieces(vocabulary_size)


def window_inputs(
    tokenizer: PieceTokenizer, annotations: TextAnnotations, windows: Iterable[tuple[int, int]]
) -> Iterator[Numbers]:
    """The input of an encoder for each window, given as (first sentence, sentence after the last)."""
    special = SpecialPieces.after(tokenizer.vocabulary_size)
    pieces, starts = tokenizer.pieces(annotations)
    for window in windows:
        begin, end = np.searchsorted(starts, encoder_windows.character_range(annotations, window))
        inside = pieces[begin : min(end, begin + tokenizer.max_pieces)]
        yield special.wrap(inside, annotations.direction != "student_to_staff")


class OnnxEncoder:
    """A shipped ONNX network, on one thread."""

    def __init__(self, model: Path, tokenizer: PieceTokenizer) -> None:
        import onnxruntime  # imported here: a process without an encoder does not need it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = options.enable_mem_pattern = (
            False  # text lengths vary, so cached memory would only grow
        )
        options.log_severity_level = 4
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = tokenizer

    def logits(self, annotations: TextAnnotations, windows: Sequence[tuple[int, int]]) -> Floats:
        """The logits of windows, each (first sentence, sentence after the last): one row per window."""
        inputs = window_inputs(self._tokenizer, annotations, windows)
        return np.stack([self._session.run(None, {"pieces": pieces[None]})[0][0] for pieces in inputs])


@dataclass(frozen=True, slots=True)
class EncoderStage:
    """An encoder, and how its logits are combined with those of the models before it."""

    encoder: OnnxEncoder
    stacking: Stacking


@Language.factory("chaperone_encoder")
class EncoderComponent:
    """The encoders as the last component of the pipeline. Its parts are set after it has been added."""

    def __init__(self, nlp: Language, name: str) -> None:
        self.stages: Sequence[EncoderStage] = ()
        self.head: HeadModel | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Read a doc."""
        self.annotate(annotations_of(doc))
        return doc

    def annotate(self, annotations: TextAnnotations) -> None:
        """Run encoders where the head is not sure, combine the logits, and name the clauses that an encoder raised."""
        if self.head is None or annotations.head_logits is None or annotations.combined_logits is None:
            return
        outputs = self.head.weights.outputs
        readings = [annotations.head_logits[None]]
        logits, shift, before = annotations.combined_logits, self.head.stacking.shift, annotations.head_logits
        first = logits + shift
        for stage in self.stages:
            if not needs_encoder(
                outputs,
                before,
                stage.stacking.gate_for(annotations.language),
                annotations.direction,
                help_before=1 / (1 + exp(-float((logits + shift)[outputs.index("help")]))),
                help_from=annotations.help_from,
            ):
                break
            if not run_encoder(stage.encoder, annotations, outputs):
                break
            readings.append(pool_windows(annotations.encoder_logits[-1], self.head.purpose_count)[None])
            words = np.array([len(annotations.words)])
            logits, shift = stage.stacking.logits(outputs, readings, words)[0], stage.stacking.shift
            before = logits
        if annotations.encoder_logits:
            self._set_scores(annotations, logits, shift)
            for name, gain in zip(outputs, logits + shift - first, strict=True):
                if gain > _ENCODER_GAIN:
                    annotations.found_by.setdefault(name, "encoder")

    def _set_scores(self, annotations: TextAnnotations, logits: Floats, shift: Floats) -> None:
        assert self.head is not None
        alone = dict(annotations.scores)
        self.head.set_scores(annotations, logits, shift)
        if annotations.direction != Direction.STUDENT_TO_STAFF:
            # The hold score decides about evasion in clauses 1 and 4; for staff the head alone is enough for that.
            annotations.scores["hold"] = max(alone["hold"], annotations.scores["hold"])
        if encoder_windows.is_long(annotations):
            for name in HELD:  # encoders may turn the hold of a long text into a flag, but not clear it
                annotations.scores[name] = max(annotations.scores[name], min(alone[name], BELOW_HOLD))


def run_encoder(encoder: OnnxEncoder, annotations: TextAnnotations, outputs: Sequence[str]) -> bool:
    """Add the logits of the next encoder for a text. Returns whether there was anything to read."""
    if not annotations.encoder_logits:
        windows = annotations.encoder_windows = encoder_windows.select_windows(annotations)
    else:
        columns = [outputs.index(name) for name in ("hold", "help", "distress", *HELD) if name in outputs]
        windows = encoder_windows.windows_for_next_encoder(
            annotations.encoder_windows, annotations.encoder_logits[0], columns
        )
    if windows:
        annotations.encoder_logits.append(encoder.logits(annotations, windows))
    return bool(windows)


def strongest_sentence(encoder: OnnxEncoder, annotations: TextAnnotations, column: int) -> tuple[int, int] | None:
    """Start and end of the sentence with the highest logit of the first encoder, within its highest window."""
    if not annotations.encoder_logits:
        return None
    number = int(annotations.encoder_logits[0][:, column].argmax())
    first, end = annotations.encoder_windows[number]
    if end - first == 1:
        return annotations.sentences[first]
    rows = annotations.sentence_logits.get(number)
    if rows is None:  # several clauses often have the same window
        rows = annotations.sentence_logits[number] = encoder.logits(
            annotations, [(at, at + 1) for at in range(first, end)]
        )
    return annotations.sentences[first + int(rows[:, column].argmax())]
