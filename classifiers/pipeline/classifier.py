"""The classifier: messages in, verdicts out, through one spaCy pipeline, in batches.

No message can make it raise. What cannot be read is listed in `failed` of the message's verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from spacy.tokens import Doc

from classifiers.components import encoder, head, lexicon, linear
from classifiers.extract.extraction import extract_message
from classifiers.extract.first_text import first_passages, first_passages_of_files, may_call_for_help, with_codes_read
from classifiers.extract.quote_check import ConversationHistory, mark_unverified_quotes
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import USER_DATA_KEY, TextAnnotations, annotations_of
from classifiers.features.vectors import StaticVectors
from classifiers.normalize.language import DetectedLanguage
from classifiers.normalize.normalization import Normalizer
from classifiers.pipeline import model_files
from classifiers.pipeline.district_words import DistrictWords, NormalizerWithWords
from classifiers.pipeline.findings import (
    MessageNames,
    distress_findings,
    help_findings,
    strongest_findings,
    text_findings,
)
from classifiers.pipeline.harmless_words import rests_without_harmless_words
from classifiers.pipeline.help_detection import (
    HELP_KINDS,
    certain_help,
    confirmed_help,
    strongest_windows,
    texts_of_look,
    texts_to_reread,
)
from classifiers.pipeline.help_words import help_word_findings
from classifiers.pipeline.job import contents_of_files, conversation_of, files_of
from classifiers.pipeline.readability import UNREADABLE, is_uncertain, supported_findings, without_holds
from classifiers.pipeline.reply_context import ReplyInContext, calls_in_pieces, context_texts
from classifiers.pipeline.rules import build_normalizer, build_rule_pipeline
from classifiers.pipeline.texts import PipelineText, build_texts
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.district_words import DistrictWord

BATCH = 16
"""Texts that go through the pipeline together."""


class ClassifierInput(Protocol):
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
class _OpenMessage:
    """A message being classified: its texts and what the components found in each.

    `reread` are excerpts that ask for help when read alone.
    """

    texts: tuple[PipelineText, ...]
    language: DetectedLanguage
    annotated: list[tuple[PipelineText, TextAnnotations]]
    failed: tuple[str, ...] = ()
    history: ConversationHistory = field(default_factory=lambda: ConversationHistory(()))
    reread: list[tuple[PipelineText, TextAnnotations]] = field(default_factory=list)


class Classifier:
    """The loaded classifiers. `version` names the model. For one process and one thread."""

    def __init__(self, model: model_files.TrainedModel, vectors: StaticVectors, lexicons: str = "") -> None:
        self.version = model.version
        self.tells_distress = "distress" in model.head.outputs
        self._known, self._lexicons = vectors.words | model.words, lexicons
        self.normalizer = build_normalizer(self._known, lexicons)
        self._district = DistrictWords()
        self.linear = linear.LinearModel(model.linear, vectors)
        scoring = head.HeadModel(model.head, model.stacking, lexicon.cues(lexicons))
        self.nlp = build_rule_pipeline(lexicons)
        linear_component = self.nlp.add_pipe("chaperone_linear")
        head_component = self.nlp.add_pipe("chaperone_head")
        encoder_component = self.nlp.add_pipe("chaperone_encoder")
        assert isinstance(linear_component, linear.LinearComponent)
        assert isinstance(head_component, head.HeadComponent)
        assert isinstance(encoder_component, encoder.EncoderComponent)
        linear_component.model = self.linear
        head_component.model = scoring
        self._encoders = encoder_component
        encoder_component.head = scoring
        encoder_component.stages = [_encoder_stage(files, vectors) for files in model.encoders]
        self.encoder = encoder_component.stages[0].encoder if encoder_component.stages else None

    def use_words(self, words: Sequence[DistrictWord]) -> None:
        """Read a district's own words from now on, in the place of those used before."""
        if tuple(words) != self._district.words:
            self._district = DistrictWords(words)
            self.normalizer = self.normalizer_with(self._district if words else None)

    def read_as(self, content: bytes, channel: str) -> list[tuple[str, str]]:
        """A district's own words in a message that are read as ordinary ones, and these. For explanations."""
        if not isinstance(self.normalizer, NormalizerWithWords):
            return []
        passages = extract_message(content, channel, []).passages
        return list(dict.fromkeys(pair for passage in passages for pair in self.normalizer.meanings(passage.text)))

    def normalizer_with(self, words: DistrictWords | None) -> Normalizer:
        """A normalizer for the texts of this classifier that knows a district's words."""
        return build_normalizer(self._known, self._lexicons, words)

    def classify(self, jobs: Sequence[ClassifierInput]) -> list[Verdict]:
        """One verdict per message, in order. Never raises for a message."""
        return _judged(jobs, self._classify, self._verdict_on_error)

    def _classify(self, jobs: Sequence[ClassifierInput]) -> list[Verdict]:
        started = time.perf_counter()
        messages = [self._open(job) for job in jobs]
        with self.nlp.memory_zone():
            texts = [message.texts for message in messages]
            for (number, text), annotations in self._annotate(texts, messages, jobs):
                messages[number].annotated.append((text, annotations))
            self._spare_harmless([message.annotated for message in messages], messages, jobs)
            for (number, text), annotations in self._annotate(self._excerpts(messages, jobs), messages, jobs):
                messages[number].reread.append((text, annotations))
            self._spare_harmless([message.reread for message in messages], messages, jobs)
            for message in messages:
                message.reread = [(text, noted) for text, noted in message.reread if confirmed_help(noted)]
            cost_ms = (time.perf_counter() - started) * 1000 / max(len(jobs), 1)
            return [self._verdict(job, message, cost_ms) for job, message in zip(jobs, messages, strict=True)]

    def first_look(self, jobs: Sequence[ClassifierInput]) -> list[Verdict]:
        """The help scores of a quick and bounded look at messages, in order. Never raises for a message.

        The encoders read only what the linear model finds the most likely call for help in each message.
        """
        return _judged(jobs, self._first_look, self._empty_look)

    def _first_look(self, jobs: Sequence[ClassifierInput]) -> list[Verdict]:
        messages = [self._open_for_look(job) for job in jobs]
        column = self.linear.weights.heads.index("help")
        scores: list[float] = []
        with self.nlp.memory_zone():
            with self._without_encoders():
                for (number, text), annotations in self._annotate([item.texts for item in messages], messages, jobs):
                    messages[number].annotated.append((text, annotations))
                windows = [strongest_windows(message.annotated, column) for message in messages]
                for (number, text), annotations in self._annotate(windows, messages, jobs):
                    messages[number].reread.append((text, annotations))
            for job, message in zip(jobs, messages, strict=True):
                calls, _ = _calls_in_words(message, job)
                certain = certain_help(annotations for _, annotations in message.annotated)
                likely = texts_of_look(message.annotated, message.reread)
                scores.append(max([certain, *(finding.score for finding in calls), *self._help_in(message, likely)]))
        return [
            replace(self._empty_look(job), language=message.language.code, help=round(score, 4))
            for job, message, score in zip(jobs, messages, scores, strict=True)
        ]

    def _empty_look(self, job: ClassifierInput) -> Verdict:
        return Verdict(job.id, job.sha256, self.version, "und", failed=("timeout",), first_look=True)

    def _verdict_on_error(self, job: ClassifierInput) -> Verdict:
        """Of a message whose reading raises: what a first look finds, and that there was an error."""
        return replace(self.first_look([job])[0], failed=("error",), first_look=False)

    def first_scan(self, jobs: Sequence[ClassifierInput]) -> list[Verdict]:
        """First looks at the messages with words that calls for help have, in order. Never raises for a message.

        The others cost a pass over their text. Their verdicts are no first looks.
        """
        scanned = [Verdict(job.id, job.sha256, self.version, "und", failed=("timeout",)) for job in jobs]
        chosen = [number for number, job in enumerate(jobs) if _may_call_for_help(job)]
        for number, look in zip(chosen, self.first_look([jobs[number] for number in chosen]), strict=True):
            scanned[number] = look
        return scanned

    def _help_in(self, message: _OpenMessage, texts: Sequence[tuple[PipelineText, TextAnnotations]]) -> Iterator[float]:
        """The help scores of texts that the other components have read, after encoders have read them too."""
        for text, noted in texts:
            try:
                self._encoders.annotate(noted)
            except Exception:  # noqa: BLE001 - one text must not stop the others
                continue
            yield noted.help if text in message.texts else confirmed_help(noted)

    @contextmanager
    def _without_encoders(self) -> Iterator[None]:
        stages, self._encoders.stages = self._encoders.stages, ()
        try:
            yield
        finally:
            self._encoders.stages = stages

    def _open(self, job: ClassifierInput) -> _OpenMessage:
        try:
            extracted = extract_message(job.content, job.channel, files_of(job))
            context, at = conversation_of(job)
            history = ConversationHistory(context)
            passages = mark_unverified_quotes(extracted.passages, job.content, history)
            texts, language = build_texts(passages, self.normalizer)
            texts += context_texts(texts, context, at, self.normalizer, language.code)
            is_complete = all(text.is_complete for text in texts)
            failed = extracted.failed if is_complete else (*extracted.failed, UNREADABLE)
        except Exception:  # noqa: BLE001 - one message must not stop the others from being classified
            return replace(self._open_for_look(job), failed=("error",))  # what can be decoded is classified
        return _OpenMessage(texts, language, [], failed, history)

    def _open_for_look(self, job: ClassifierInput) -> _OpenMessage:
        try:
            shown = first_passages(job.content, job.channel) + first_passages_of_files(contents_of_files(job))
            passages = with_codes_read(shown)
            texts, language = build_texts(passages, self.normalizer)
            texts += calls_in_pieces(texts, *conversation_of(job))
        except Exception:  # noqa: BLE001 - one message must not stop the others
            return _OpenMessage((), DetectedLanguage("und", True), [], ("error",))
        return _OpenMessage(texts, language, [])

    def _excerpts(self, messages: list[_OpenMessage], jobs: Sequence[ClassifierInput]) -> list[list[PipelineText]]:
        column = self.linear.weights.heads.index("help")
        return [
            texts_to_reread(message.annotated, column, str(job.direction), message.history)
            for message, job in zip(messages, jobs, strict=True)
        ]

    def _spare_harmless(
        self,
        found: Sequence[Sequence[tuple[PipelineText, TextAnnotations]]],
        messages: list[_OpenMessage],
        jobs: Sequence[ClassifierInput],
    ) -> None:
        """Lower the help scores of texts that are no calls for help without their harmless words."""
        rests = [
            rests_without_harmless_words(texts, str(job.direction)) for texts, job in zip(found, jobs, strict=True)
        ]
        rest_of = {id(rest.text): rest for of_message in rests for rest in of_message}
        for rest in rest_of.values():
            if rest.is_empty:
                rest.spare(0.0)
        unread = [[rest.text for rest in of_message if not rest.is_empty] for of_message in rests]
        for (_, text), noted in self._annotate(unread, messages, jobs):
            rest_of[id(text)].spare(noted.help, noted.distress)

    def _annotate(
        self,
        texts: Sequence[Sequence[PipelineText]],
        messages: list[_OpenMessage],
        jobs: Sequence[ClassifierInput],
    ) -> Iterator[tuple[tuple[int, PipelineText], TextAnnotations]]:
        """Send every text through the pipeline. A batch that fails is repeated text by text."""
        remaining = [(number, text) for number, message_texts in enumerate(texts) for text in message_texts]
        for at in range(0, len(remaining), BATCH):
            batch = remaining[at : at + BATCH]
            try:
                docs = list(
                    self.nlp.pipe([self._make_doc(text, messages[number], jobs[number]) for number, text in batch])
                )
                yield from ((item, doc.user_data[USER_DATA_KEY]) for item, doc in zip(batch, docs, strict=True))
            except Exception:  # noqa: BLE001 - find the message that cannot be read, and classify the rest
                yield from self._annotate_one_by_one(batch, messages, jobs)

    def _annotate_one_by_one(
        self, batch: list[tuple[int, PipelineText]], messages: list[_OpenMessage], jobs: Sequence[ClassifierInput]
    ) -> Iterator[tuple[tuple[int, PipelineText], TextAnnotations]]:
        for number, text in batch:
            try:
                doc = self._make_doc(text, messages[number], jobs[number])
                yield (number, text), self.nlp(doc).user_data[USER_DATA_KEY]
            except Exception:  # noqa: BLE001 - this is the message that cannot be read
                messages[number].failed = (*messages[number].failed, "error")

    def _make_doc(self, text: PipelineText, message: _OpenMessage, job: ClassifierInput) -> Doc:
        doc = self.nlp.make_doc(text.text)
        annotations = annotations_of(doc)
        annotations.direction, annotations.disguises = str(job.direction), text.disguises
        annotations.help_from = text.help_from
        annotations.language = message.language.code if message.language.covered else "en"
        return doc

    def _verdict(self, job: ClassifierInput, message: _OpenMessage, cost_ms: float) -> Verdict:
        failed = message.failed if message.language.covered else (*message.failed, "language")
        reply = ReplyInContext(message.annotated)
        names = MessageNames.of(message.annotated)
        findings: list[Finding] = []
        for text, noted in message.annotated:
            if text.kind in (PassageKind.CONTEXT, PassageKind.REPLY_WITH_CONTEXT):
                continue
            found = list(text_findings(text, noted, self.linear, self.encoder, names))
            is_covered = message.language.covered
            found, is_gibberish = supported_findings(found, text, noted, self.normalizer.known, is_covered=is_covered)
            failed = (*failed, UNREADABLE) if is_gibberish else failed
            found += self._district.findings(text, noted)
            findings += without_holds(found, str(job.direction)) if is_uncertain(text, failed) else found
        findings += reply.findings()
        main = next((annotations for text, annotations in message.annotated if text.kind is PassageKind.NEW), None)
        main = main or (message.annotated[0][1] if message.annotated else None)
        scores = [annotations.help for text, annotations in message.annotated if text.kind in HELP_KINDS]
        if not scores and main is not None:
            scores = [main.help]
        calls, unread = _calls_in_words(message, job)
        failed = (*failed, *unread)
        scores += [finding.score for finding in calls]
        help_score = max([*scores, *(confirmed_help(annotations) for _, annotations in message.reread), reply.help()])
        distress = [noted.distress or 0.0 for text, noted in message.annotated if text.kind in HELP_KINDS]
        return Verdict(
            id=job.id,
            sha256=job.sha256,
            model=self.version,
            language=message.language.code,
            findings=(*strongest_findings(findings), *calls, *self._findings_of_need(job, message, help_score)),
            purpose=main.purpose if main is not None else {},
            help=round(help_score, 4),
            distress=round(max(distress, default=0.0), 4) if self.tells_distress else None,
            failed=tuple(dict.fromkeys(failed)),
            took_ms=round(cost_ms, 3),
        )

    def _findings_of_need(self, job: ClassifierInput, message: _OpenMessage, help_score: float) -> tuple[Finding, ...]:
        """What asks for help, or tells of distress, in a message that a student may have written.

        Only texts whose score can be the message's are looked at.
        """
        if str(job.direction) == Direction.STAFF_TO_STUDENT:
            return ()
        kinds = (*HELP_KINDS, PassageKind.REPLY_WITH_CONTEXT)
        texts = [item for at, item in enumerate(message.annotated) if not at or item[0].kind in kinds] + message.reread
        found: list[Finding] = []
        for text, found_in in texts:
            if found_in.help <= help_score:
                found += help_findings(text, found_in, self.linear, self.encoder)
            if text.kind in HELP_KINDS:
                found += distress_findings(text, found_in, self.linear, self.encoder)
        return strongest_findings(found)


def _judged(
    jobs: Sequence[ClassifierInput],
    judge: Callable[[Sequence[ClassifierInput]], list[Verdict]],
    on_error: Callable[[ClassifierInput], Verdict],
) -> list[Verdict]:
    """The verdicts of a judge that may raise: if it does, each message is judged alone."""
    try:
        return judge(jobs)
    except Exception:  # noqa: BLE001 - one message must not stop the others from being judged
        if len(jobs) == 1:
            return [on_error(jobs[0])]
        return [verdict for job in jobs for verdict in _judged([job], judge, on_error)]


def _calls_in_words(message: _OpenMessage, job: ClassifierInput) -> tuple[Sequence[Finding], Sequence[str]]:
    """The words that are calls for help by themselves, and what failed: one message must not stop the others."""
    try:
        return help_word_findings(message.annotated, str(job.direction), job.channel), ()
    except Exception:  # noqa: BLE001 - the other components have read the message
        return (), ("error",)


def _may_call_for_help(job: ClassifierInput) -> bool:
    try:
        return may_call_for_help(first_passages(job.content, job.channel))
    except Exception:  # noqa: BLE001 - one message must not stop the others from being scanned
        return True


def _encoder_stage(files: model_files.EncoderFiles, vectors: StaticVectors) -> encoder.EncoderStage:
    tokenizer = encoder.tokenizer_of(files.tokenizer, len(vectors.table))
    return encoder.EncoderStage(encoder.OnnxEncoder(files.network, tokenizer), files.stacking)


def load(model: str = "", lexicons: str = "") -> Classifier:
    """The classifier of a model folder, "" for the shipped one. `lexicons`: a folder of cues beside the shipped ones.

    Raises `model_files.ModelError` when the model cannot be used.
    """
    folder = model_files.folder_of(model)
    trained = model_files.read_model(model)
    vectors_folder = folder if (folder / "static256.safetensors").exists() else model_files.SHIPPED
    return Classifier(trained, StaticVectors(vectors_folder), lexicons)
