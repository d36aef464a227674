"""The classifier: messages in, verdicts out, through one spaCy pipeline, in batches, inside a memory zone.

Nothing that a message contains can make it raise: what cannot be read is a word in the verdict's `failed`.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from classifiers.components import confidential, encoder, head, lexicon, linear, links, sentences
from classifiers.extract.extraction import read
from classifiers.extract.quote_check import QuoteCheck, believed
from classifiers.extract.quoting import Kind
from classifiers.features.annotations import KEY, Evidence, evidence
from classifiers.features.vectors import Vectors
from classifiers.normalize.language import Heard
from classifiers.normalize.normalization import Normaliser
from classifiers.normalize.tokens import Words
from classifiers.pipeline import model_files as weights
from classifiers.pipeline.findings import LEAST, calls, findings, strongest
from classifiers.pipeline.help_detection import HEARD, heard, stretches
from classifiers.pipeline.job import files_of, said_before
from classifiers.pipeline.reply_context import Together, with_earlier
from classifiers.pipeline.texts import ReadText, texts
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Verdict

BATCH = 16
"""Texts that go through the pipeline together."""

RULES = ("chaperone_sentences", "chaperone_lexicon", "chaperone_links", "chaperone_confidential")
"""The components that need no model, in order; the linear reader and the head come after them."""

EXPLICIT = ("obscene", "slur", "sexual")

_READERS = (sentences, lexicon, links, confidential)  # importing them registers their factories


class Item(Protocol):
    """What is classified: `classifiers.pipeline.job.Job` is one."""

    @property
    def id(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def content(self) -> bytes: ...


@dataclass(slots=True)
class _Opened:
    """A message on its way: its texts, and what came of each; `called`: stretches that call for help by themselves."""

    texts: tuple[ReadText, ...]
    heard: Heard
    noted: list[tuple[ReadText, Evidence]]
    failed: tuple[str, ...] = ()
    record: QuoteCheck = field(default_factory=lambda: QuoteCheck(()))
    called: list[tuple[ReadText, Evidence]] = field(default_factory=list)


def rules() -> Language:
    """The pipeline without a model: sentences, lexicon, links, detectors."""
    nlp = spacy.blank("xx")
    nlp.tokenizer = Words(nlp.vocab)
    nlp.max_length = 10**9  # extraction has bounded what is read
    nlp.vocab.lex_attr_getters.clear()  # type: ignore[attr-defined]  # nobody asks a word for its shape, and a memory zone makes words anew
    for name in RULES:
        nlp.add_pipe(name)
    return nlp


def normaliser(known: Collection[str]) -> Normaliser:
    """The normaliser that goes with the lexicons; `known` are further words of the languages covered."""
    sensitive = lexicon.words_of([cue.name for cue in lexicon.cues() if cue.clause not in ("context", "help")])
    return Normaliser(known, sensitive, lexicon.words_of(EXPLICIT))


class Classifier:
    """The loaded classifiers. `version` names the model; one process, one thread."""

    def __init__(self, model: weights.Model, vectors: Vectors) -> None:
        self.version = model.version
        self.normalise = normaliser(vectors.words | model.words)
        self.reader = linear.LinearReader(model.linear, vectors)
        self.nlp = rules()
        for name, part in (
            ("chaperone_linear", self.reader),
            ("chaperone_head", head.Head(model.head, model.mixing)),
        ):
            component = self.nlp.add_pipe(name)
            assert isinstance(component, linear.Linear | head.Weighing)
            component.reader = part
        last = self.nlp.add_pipe("chaperone_encoder")
        assert isinstance(last, encoder.Encoding)
        last.stages = [_stage(each, vectors) for each in model.encoders]
        last.head = head.Head(model.head, model.mixing)
        self.encoder = last.stages[0].reader if last.stages else None

    def classify(self, jobs: Sequence[Item]) -> list[Verdict]:
        """One verdict for each message, in order. Never raises for a message."""
        began = time.perf_counter()
        opened = [self._open(job) for job in jobs]
        with self.nlp.memory_zone():
            for (number, text), noted in self._read([each.texts for each in opened], opened, jobs):
                opened[number].noted.append((text, noted))
            for (number, text), noted in self._read(self._stretches(opened, jobs), opened, jobs):
                if heard(noted):
                    opened[number].called.append((text, noted))
            cost = (time.perf_counter() - began) * 1000 / max(len(jobs), 1)
            return [self._verdict(job, each, cost) for job, each in zip(jobs, opened, strict=True)]

    def _open(self, job: Item) -> _Opened:
        try:
            reading = read(job.content, job.channel, files_of(job))
            context, at = said_before(job)
            record = QuoteCheck(context)
            passages = believed(reading.passages, job.content, record)
            found, language = texts(passages, self.normalise)
            found += with_earlier(found, context, at, self.normalise, language.code)
            failed = reading.failed
        except Exception:  # noqa: BLE001 - a message must not be able to stop the reading of the others
            return _Opened((), Heard("und", True), [], ("error",))
        return _Opened(found, language, [], failed, record)

    def _stretches(self, opened: list[_Opened], jobs: Sequence[Item]) -> list[list[ReadText]]:
        column = self.reader.weights.heads.index("help")
        return [
            stretches(each.noted, column, str(job.direction), each.record)
            for each, job in zip(opened, jobs, strict=True)
        ]

    def _read(
        self, texts: Sequence[Sequence[ReadText]], opened: list[_Opened], jobs: Sequence[Item]
    ) -> Iterator[tuple[tuple[int, ReadText], Evidence]]:
        """Every text through the pipeline; a batch that fails is read one by one."""
        waiting = [(number, text) for number, each in enumerate(texts) for text in each]
        for at in range(0, len(waiting), BATCH):
            batch = waiting[at : at + BATCH]
            try:
                docs = list(self.nlp.pipe([self._begun(text, opened[number], jobs[number]) for number, text in batch]))
                yield from ((one, doc.user_data[KEY]) for one, doc in zip(batch, docs, strict=True))
            except Exception:  # noqa: BLE001 - the same rule: find the message that cannot be read, and read the rest
                yield from self._one_by_one(batch, opened, jobs)

    def _one_by_one(
        self, batch: list[tuple[int, ReadText]], opened: list[_Opened], jobs: Sequence[Item]
    ) -> Iterator[tuple[tuple[int, ReadText], Evidence]]:
        for number, text in batch:
            try:
                fresh = self._begun(text, opened[number], jobs[number])
                yield (number, text), self.nlp(fresh).user_data[KEY]
            except Exception:  # noqa: BLE001 - this is the one
                opened[number].failed = (*opened[number].failed, "error")

    def _begun(self, text: ReadText, opened: _Opened, job: Item) -> Doc:
        doc = self.nlp.make_doc(text.text)
        noted = evidence(doc)
        noted.direction, noted.tricks = str(job.direction), text.tricks
        noted.language = opened.heard.code if opened.heard.covered else "en"
        return doc

    def _verdict(self, job: Item, opened: _Opened, cost: float) -> Verdict:
        failed = opened.failed if opened.heard.covered else (*opened.failed, "language")
        together = Together(opened.noted)
        found = [
            each
            for text, noted in opened.noted
            if text.kind not in (Kind.EARLIER, Kind.ANSWERED)
            for each in findings(text, noted, self.reader, self.encoder)
        ]
        found += together.findings()
        main = next((noted for text, noted in opened.noted if text.kind is Kind.FRESH), None)
        main = main or (opened.noted[0][1] if opened.noted else None)
        said = [noted.help for text, noted in opened.noted if text.kind in HEARD]
        if not said and main is not None:
            said = [main.help]
        help_ = max([*said, *(heard(noted) for _, noted in opened.called), together.help()])
        return Verdict(
            id=job.id,
            sha256=job.sha256,
            model=self.version,
            language=opened.heard.code,
            findings=(*strongest(found), *self._calls(job, opened, help_)),
            purpose=main.purpose if main is not None else {},
            help=round(help_, 4),
            failed=tuple(dict.fromkeys(failed)),
            took_ms=round(cost, 3),
        )

    def _calls(self, job: Item, opened: _Opened, help_: float) -> tuple[Finding, ...]:
        """What asks for help, where it is not staff who write: in the texts whose score may be the message's."""
        if str(job.direction) == Direction.STAFF_TO_STUDENT or help_ < LEAST:
            return ()
        kinds = (Kind.FRESH, Kind.HIDDEN, Kind.ANSWERED)
        asked = [each for at, each in enumerate(opened.noted) if not at or each[0].kind in kinds] + opened.called
        return strongest(
            [each for text, one in asked if one.help <= help_ for each in calls(text, one, self.reader, self.encoder)]
        )


def _stage(trained: weights.Encoder, vectors: Vectors) -> encoder.Stage:
    cut = encoder.Anew(trained.tokenizer) if trained.tokenizer else encoder.Noted(len(vectors.table))
    return encoder.Stage(encoder.EncoderReader(trained.network, cut), trained.mixing)


def load(model: str = "") -> Classifier:
    """The classifier of a model folder, "" for the shipped one. Raises `weights.ModelError` where it cannot be used."""
    folder = weights.folder_of(model)
    trained = weights.read(model)
    home = folder if (folder / "static256.safetensors").exists() else weights.SHIPPED
    return Classifier(trained, Vectors(home))


__all__ = ["Classifier", "Item", "load", "normaliser", "rules"]
