"""From the annotations of a text to findings: clause, score, component, cue, and the place in the received message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from classifiers.components.encoder import OnnxEncoder, strongest_sentence
from classifiers.components.linear import LinearModel
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import Hit, TextAnnotations
from classifiers.pipeline.entity_resolution import FACTS, NamedFinding, name_people
from classifiers.pipeline.facts import personal_facts
from classifiers.pipeline.mentions import MAX_PEOPLE, NameMentions
from classifiers.pipeline.texts import PipelineText
from gateway.core.contact.phrases import find_moves
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import DISTRESS, HELP, IN_CLAIMED, IN_FILE, IN_HIDDEN, Finding, Span
from gateway.core.policy.clauses import CONFIDENTIAL, EVADED, INTERFERENCE, OUTSIDE_CONTACT, TOOLS

MIN_SCORE = 0.1
"""Findings below this score are left out."""

DISTRESS_SCORE = 0.3
"""The score of distress from which its words are shown."""

FACT_SCORE = 0.9
"""The score of a confidential fact that is stated about a person by name."""

MAX_FINDINGS = 40
"""Findings in a verdict, at most: those with the highest scores."""

MAX_SPANS = 100
"""Spans of a finding, at most: the first ones.

Together with MAX_FINDINGS this keeps a verdict well below the largest record that the bus takes.
"""

_RECORDS_IN = (PassageKind.ATTACHED, PassageKind.HIDDEN)
"""Texts that are records: what a file says is about the people named in the file."""
_NO_FACTS_IN = (PassageKind.SIGNATURE, PassageKind.QUOTED)  # the reader has what is quoted already
_PLACE_CUES = {PassageKind.ATTACHED: IN_FILE, PassageKind.HIDDEN: IN_HIDDEN, PassageKind.UNVERIFIED: IN_CLAIMED}

_WORD = re.compile(r"\w+")
_MAX_WORDS = 5
_MAX_CUE_LENGTH = 300  # characters: a domain has at most 253
TRANSITION = "transition"
"""The cue of phrases that bring an exchange back to the school account. Lexicon hits of this name are evidence only."""
_RULE_SCORES = ((OUTSIDE_CONTACT, 0.9), (TOOLS, 0.6))
"""Clauses with findings by rule, without a score of the model: the transition phrase, links to classroom tools."""


@dataclass(frozen=True, slots=True)
class MessageNames:
    """The names in the texts of a message, for the records among them that name nobody themselves."""

    in_files: tuple[str, ...] = ()
    words_of_files: frozenset[str] = frozenset()
    only_person: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Sequence[tuple[PipelineText, TextAnnotations]]) -> MessageNames:
        """The names in the texts of one message."""
        if not any(text.kind in _RECORDS_IN for text, _ in texts):
            return NO_NAMES
        files: tuple[str, ...] = ()
        only: tuple[str, ...] = ()
        words: frozenset[str] = frozenset()
        for text, read in texts:
            if text.kind is PassageKind.ATTACHED:
                files = NameMentions(read, is_record=True).everybody()
                words = frozenset(word.casefold() for word in _WORD.findall(read.text))
            elif text.kind is PassageKind.NEW:
                only = NameMentions(read).only_reader_or_writer()
        return cls(files, words, only)

    def of_record(self, text: PipelineText, mentions: NameMentions) -> tuple[str, ...]:
        """The names of a record; those of the files for hidden text that only repeats them. Empty for other texts."""
        if text.kind not in _RECORDS_IN:
            return ()
        names = mentions.everybody()
        if text.kind is PassageKind.HIDDEN and self.in_files:
            repeats = {word.casefold() for word in _WORD.findall(mentions.text)} <= self.words_of_files
            names = (*names, *self.in_files) if repeats else names
        return (*names, *self.only_person)


NO_NAMES = MessageNames()
"""The names of a message without files."""


def text_findings(
    text: PipelineText,
    annotations: TextAnnotations,
    linear: LinearModel,
    encoder: OnnxEncoder | None = None,
    around: MessageNames = NO_NAMES,
) -> Iterator[Finding]:
    """The findings of one text of a message. Those of clause 8 carry the names of the people concerned.

    `around`: the names in the other texts of the message.
    """
    quoted = text.kind is PassageKind.QUOTED
    clauses = [name for name, score in annotations.scores.items() if name != "hold" and round(score, 4) >= MIN_SCORE]
    has_records = annotations.scores.get(CONFIDENTIAL, 0.0) >= MIN_SCORE and any(
        hit.clause == CONFIDENTIAL for hit in annotations.hits
    )
    mentions_in_text = NameMentions(annotations, is_record=text.kind in _RECORDS_IN) if has_records else None
    by_linear_model = [
        clause
        for clause in clauses
        if annotations.scores[clause] >= MIN_SCORE and _found_by(annotations, clause) == "linear"
    ]
    heaviest = _heaviest_words(text, annotations, by_linear_model, linear)
    for clause in clauses:
        score = round(annotations.scores[clause], 4)
        hits = [hit for hit in annotations.hits if hit.clause == clause and hit.cue != "evasion"]
        by = _found_by(annotations, clause)
        mentions = mentions_in_text if clause == CONFIDENTIAL else None
        people = people_of_text = mentions.people_in_text(hits) if mentions is not None else None
        in_record = around.of_record(text, mentions) if mentions is not None else ()
        if by == "encoder" and encoder is not None:
            found = strongest_sentence(encoder, annotations, linear.weights.heads.index(clause))
            spans = tuple(text.spans(*found)) if found else ()
            is_explained = found is not None and any(found[0] <= hit.start < found[1] for hit in hits)
            people = people if is_explained or text.kind in _RECORDS_IN else None
        else:
            spans = tuple(_spans(text, hits)) if by != "linear" else heaviest.get(clause, ())
        yield name_people(Finding(clause, score, by, spans, _PLACE_CUES.get(text.kind, ""), quoted), people, in_record)
        for cue in dict.fromkeys(hit.cue for hit in hits):
            cue_hits = [hit for hit in hits if hit.cue == cue]
            finding = Finding(clause, score, cue_hits[0].by, tuple(_spans(text, cue_hits)), cue, quoted)
            if mentions is not None:
                cue_people = _people_in_hits(mentions, cue_hits, people_of_text)
                secret = mentions.has_secret(cue_hits)
                finding = name_people(finding, cue_people, () if secret else in_record)
            yield finding
    yield from _fact_findings(text, annotations, quoted)
    yield from _rule_findings(text, annotations, quoted)
    if text.kind is PassageKind.HIDDEN and len(text.text.split()) > 20:
        yield Finding(INTERFERENCE, 0.15, "extraction", (), "hidden")


def _fact_findings(text: PipelineText, annotations: TextAnnotations, quoted: bool) -> Iterator[Finding]:
    """What a staff member's text states about people by name. It counts only for people that the roster knows."""
    if annotations.direction == Direction.STUDENT_TO_STAFF or text.kind in _NO_FACTS_IN:
        return
    is_file = text.kind in _RECORDS_IN
    facts = personal_facts(NameMentions(annotations, is_record=is_file), is_file=is_file)
    for kind in dict.fromkeys(item.fact.kind for item in facts):
        of_kind = [item for item in facts if item.fact.kind == kind]
        names = tuple(dict.fromkeys(item.name for item in of_kind))[:MAX_PEOPLE]
        places = [Hit(CONFIDENTIAL, kind, item.fact.start, item.fact.end, FACTS) for item in of_kind]
        yield name_people(Finding(CONFIDENTIAL, FACT_SCORE, FACTS, tuple(_spans(text, places)), kind, quoted), names)


def _people_in_hits(
    mentions: NameMentions, hits: Iterable[Hit], of_text: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The people that several hits are about; None if one of them names nobody, or if there are too many."""
    people = [mentions.people_in_hit(hit, of_text) for hit in hits]
    names = tuple(dict.fromkeys(name for hit_names in people if hit_names is not None for name in hit_names))
    return None if None in people or len(names) > MAX_PEOPLE else names


def _found_by(annotations: TextAnnotations, clause: str) -> str:
    return annotations.found_by.get(clause, "linear")


def help_findings(
    text: PipelineText, annotations: TextAnnotations, linear: LinearModel, encoder: OnnxEncoder | None = None
) -> Iterator[Finding]:
    """The words of a text that ask for help, and the kind of help. They belong to no clause, but alerts show them."""
    yield from _findings_of_need(HELP, annotations.help, text, annotations, linear, encoder)


def distress_findings(
    text: PipelineText, annotations: TextAnnotations, linear: LinearModel, encoder: OnnxEncoder | None = None
) -> Iterator[Finding]:
    """The words of a text that say how a student feels, and the kind of distress, where it is likely at all."""
    if annotations.distress is not None and annotations.distress >= DISTRESS_SCORE:
        yield from _findings_of_need(DISTRESS, annotations.distress, text, annotations, linear, encoder)


def _findings_of_need(
    need: str,
    score: float,
    text: PipelineText,
    annotations: TextAnnotations,
    linear: LinearModel,
    encoder: OnnxEncoder | None,
) -> Iterator[Finding]:
    score = round(score, 4)
    if score < MIN_SCORE:
        return
    hits, by = [hit for hit in annotations.hits if hit.clause == need], _found_by(annotations, need)
    quoted, place = text.kind is PassageKind.QUOTED, _PLACE_CUES.get(text.kind, "")
    for cue in dict.fromkeys(hit.cue for hit in hits):
        cue_hits = [hit for hit in hits if hit.cue == cue]
        yield Finding(need, score, cue_hits[0].by, tuple(_spans(text, cue_hits)), cue, quoted)
    if by == "encoder" and encoder is not None:
        found = strongest_sentence(encoder, annotations, linear.weights.heads.index(need))
        yield Finding(need, score, by, tuple(text.spans(*found)) if found else (), place, quoted)
    elif not hits:
        spans = _heaviest_words(text, annotations, [need], linear).get(need, ())
        yield Finding(need, score, "linear", spans, place, quoted)
    elif place:
        yield Finding(need, score, by, tuple(_spans(text, hits)), place, quoted)


def _rule_findings(text: PipelineText, annotations: TextAnnotations, quoted: bool) -> Iterator[Finding]:
    """Findings that need no model: transition phrases, links to classroom tools, evasion of supervision."""
    moves = [Hit(OUTSIDE_CONTACT, TRANSITION, start, end, "rules") for start, end in find_moves(annotations.text)]
    for clause, score in _RULE_SCORES:
        found = [hit for hit in annotations.hits if hit.clause == clause and hit.cue != TRANSITION]
        hits = [*found, *(hit for hit in moves if hit.clause == clause)]
        for cue in dict.fromkeys(hit.cue for hit in hits):
            cue_hits = [hit for hit in hits if hit.cue == cue]
            yield Finding(clause, score, cue_hits[0].by, tuple(_spans(text, cue_hits)), cue, quoted)
    hold_score = annotations.scores.get("hold", 0.0)
    for clause in EVADED:
        if annotations.scores.get(clause, 0.0) >= 0.5 and hold_score >= MIN_SCORE:
            hits = [hit for hit in annotations.hits if hit.cue in ("evasion", "secrecy")]
            yield Finding(clause, round(hold_score, 4), "head", tuple(_spans(text, hits)), "evasion", quoted)


def _spans(text: PipelineText, hits: Iterable[Hit]) -> Iterator[Span]:
    """The places of hits in order. Overlapping places become one."""
    reach = 0
    merged: list[list[int]] = []
    for start, end in sorted((hit.start, hit.end) for hit in hits):
        if merged and start <= reach:
            merged[-1][1] = reach = max(reach, end)
        else:
            merged.append([start, end])
            reach = end
    for start, end in merged:
        yield from text.spans(start, end)


def _heaviest_words(
    text: PipelineText, annotations: TextAnnotations, clauses: Sequence[str], linear: LinearModel
) -> dict[str, tuple[Span, ...]]:
    """For each clause the words with the largest weights in the window with the highest logit.

    Words next to each other share a span.
    """
    known_clauses = [clause for clause in clauses if clause in linear.weights.heads]
    if not known_clauses or not annotations.windows or not annotations.words:
        return {}
    weights = linear.word_weights(text.text, [start for _, start, _ in annotations.words], known_clauses)
    out = {}
    for column, clause in enumerate(known_clauses):
        head = linear.weights.heads.index(clause)
        window = max(annotations.windows, key=lambda candidate: float(candidate.logits[head]))
        start, end = annotations.sentences[window.first][0], annotations.sentences[window.last][1]
        inside = [at for at, (_, begin, _) in enumerate(annotations.words) if start <= begin < end]
        ranked = sorted(inside, key=lambda at: -weights[at, column])[:_MAX_WORDS]
        heaviest = sorted(at for at in ranked if weights[at, column] > 0)
        out[clause] = tuple(
            span
            for first, last in _consecutive(heaviest)
            for span in text.spans(annotations.words[first][1], annotations.words[last][2])
        )
    return out


def _consecutive(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive numbers."""
    first: int | None = None
    before = -2
    for number in numbers:
        if number != before + 1:
            if first is not None:
                yield first, before
            first = number
        before = number
    if first is not None:
        yield first, before


def strongest_findings(found: list[Finding]) -> tuple[Finding, ...]:
    """The findings of a message without duplicates, the highest scores first.

    At the same score a finding about nobody in particular comes first: it counts for every recipient and must not be
    cut off.
    """
    bounded = (
        replace(finding, spans=finding.spans[:MAX_SPANS], cue=finding.cue[:_MAX_CUE_LENGTH]) for finding in found
    )
    ordered = sorted(dict.fromkeys(bounded), key=lambda finding: (-finding.score, isinstance(finding, NamedFinding)))
    return tuple(ordered[:MAX_FINDINGS])
