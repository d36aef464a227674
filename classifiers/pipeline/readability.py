"""What a model says of random letters, a few words, or text that may not be shown must not hold a call for help.

In the corpora every text of this length that says something has far more known words, however it is spelled, and its
words follow each other more as those of a sentence do (`classifiers.normalize.word_pairs`) than those of pieces, codes
and tables.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from classifiers.components.encoder import BELOW_HOLD
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.word_pairs import evidence
from classifiers.pipeline.texts import PipelineText
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import DISPUTED, PICTURED, Finding, Span
from gateway.core.mime.drawn_text.words import drawn_with_words
from gateway.core.policy.clauses import HELD

_MIN_LETTERS = 40
"""Letters from which a text can be told from random letters."""
_MIN_KNOWN = 0.2
"""The share of letters in known words from which a text is language."""
_MIN_DIFFERENT = 6
"""Different words from which a text is no flood of the same ones."""
_FEW_WORDS = 8
"""Words from which models may hold a student's text by themselves."""
_MIN_IN_LINE = 3
"""Words of a line in the mean from which a text is no list of words that a person puts together."""
_MIN_PLAIN = 0.5
"""The share of letters in known words of three letters or more that 99 of 100 students' texts have."""
_MIN_SHOWN = 0.2
"""The share of characters that are not blank from which a text is no drawing in blanks."""
_MIN_PAIRS, _LEAST_BITS, _LEAST_BITS_TO_HOLD = 8, -0.8, -0.5
"""Different pairs of words in a row that are looked at, the bits of evidence for each of them in the mean that a text
of any language has at least, and those from which models may hold a student's text by themselves: 99.3 of 100 of those
that should be held have them.
"""
_MAX_REPEATED = 4
"""How often a word may stand in a sentence in the mean. Rows of signs are read as the same few words."""
_LOOKED_AT = 0.3
"""The score from which it matters whether the text is language."""
UNREADABLE = "unreadable"
_MODELS = ("linear", "encoder", "head")
Words = Sequence[tuple[str, int, int]]
"""Words of a text with their places in it."""


def is_language(annotations: TextAnnotations, known: Collection[str]) -> bool:
    """Whether enough words of a normalized text are known. Short texts count as language."""
    if len({word for word, _, _ in annotations.words}) < _MIN_DIFFERENT:
        return True  # a flood of one word
    letters = in_known = 0
    for word, start, end in annotations.words:
        if word.isdigit():
            continue
        letters += end - start
        if end - start > 1 and word in known:
            in_known += end - start
    return letters < _MIN_LETTERS or in_known >= _MIN_KNOWN * letters


def _bits_of_pairs(annotated: Words) -> float:
    """The bits of evidence of each pair of words, in the mean, that they are sentences; 0 for few words."""
    words = [word for word, _, _ in annotated if not word.isdigit()]
    pairs = len(set(pairwise(words)))
    return evidence(words) / pairs if pairs >= _MIN_PAIRS else 0.0


def supported_findings(
    findings: list[Finding],
    text: PipelineText,
    annotations: TextAnnotations,
    known: Collection[str],
    *,
    is_covered: bool = True,
) -> tuple[list[Finding], bool]:
    """The findings of a text that its words support, and whether it is no language, so that some were left out.

    Models find nothing in what is no language, and hold nothing whose words hardly follow each other. In a student's
    text they hold nothing by a guess, and nothing in a language that they did not learn (`is_covered` says whether they
    did).
    """
    if not is_covered:
        return _held_by_cues(findings, text, annotations), False
    if max((finding.score for finding in findings), default=0.0) < _LOOKED_AT:
        return findings, False
    by_models = [finding for finding in findings if finding.by in _MODELS]
    if is_language(annotations, known):
        by_models = [finding for finding in by_models if finding.clause in HELD and finding.score > BELOW_HOLD]
        if not by_models or _bits_of_pairs(annotations.words) >= _LEAST_BITS:
            return _without_guessed_holds(findings, text, annotations, known), False
    return [finding for finding in findings if finding not in by_models], bool(by_models)


def _without_guessed_holds(
    findings: list[Finding], text: PipelineText, annotations: TextAnnotations, known: Collection[str]
) -> list[Finding]:
    """What models guess of a student's few, damaged or scattered words holds nothing unless cues as received say so."""
    if annotations.direction != Direction.STUDENT_TO_STAFF:
        return findings
    if not any(finding.clause in HELD and finding.score > BELOW_HOLD for finding in findings):
        return findings
    is_text = _is_in_words(text, annotations.words) and _bits_of_pairs(annotations.words) >= _LEAST_BITS_TO_HOLD
    if is_text and not text.has_guesses and _is_plain(annotations.words, known):
        in_signs = {
            one for one in findings if one.clause in HELD and not _points_at_words(one, text, annotations, known)
        }
        return [one for one in findings if one not in in_signs] + _held_by_cues(in_signs, text, annotations)
    return _held_by_cues(findings, text, annotations)


def _is_in_words(text: PipelineText, annotated: Words) -> bool:
    """Whether a text is mostly words in lines of several as received: no drawing in signs or blanks, and no list."""
    received = [passage.text for _, passage, _ in text.pieces]
    lines = sum(bool(line.strip()) for one in received for line in one.split("\n"))
    shown = sum(len(word) for one in received for word in one.split())
    words = [(start, end) for word, start, end in annotated if not word.isdigit()]
    in_words = sum(end - start for start, end in words)
    if shown < _MIN_SHOWN * sum(map(len, received)) or in_words < _MIN_PLAIN * shown:
        return False
    return len(annotated) >= _FEW_WORDS and len(words) >= _MIN_IN_LINE * lines


def _points_at_words(
    finding: Finding, text: PipelineText, annotations: TextAnnotations, known: Collection[str]
) -> bool:
    """Whether what a model found is in plain words that follow each other, not in signs or letters among plain ones.

    What has no place in the received text counts as such.
    """
    if finding.by not in _MODELS or finding.score <= BELOW_HOLD or not finding.spans:
        return True
    found = [word for word in annotations.words if _overlap(text.spans(word[1], word[2]), finding.spans)]
    around = [
        word
        for start, end in annotations.sentences
        if _overlap(text.spans(start, end), finding.spans)
        for word in annotations.words
        if start <= word[1] < end
    ]
    in_words = sum(len(word) for word, _, _ in found if len(word) > 2)
    if not in_words or in_words < _MIN_PLAIN * sum(len(word) for word, _, _ in found):
        return False
    if _MAX_REPEATED * len({word for word, _, _ in around}) < len(around):
        return False
    return _is_plain(around, known) and _bits_of_pairs(around) >= _LEAST_BITS_TO_HOLD


def _overlap(some: Iterable[Span], others: Collection[Span]) -> bool:
    return any(
        one.part == other.part and one.start < other.end and other.start < one.end for one in some for other in others
    )


def _held_by_cues(findings: Iterable[Finding], text: PipelineText, annotations: TextAnnotations) -> list[Finding]:
    """The findings of a text, of which in a student's message only those hold that cues as received support."""
    if annotations.direction != Direction.STUDENT_TO_STAFF:
        return list(findings)
    said = {hit.clause for hit in annotations.hits if not text.is_guessed(hit.start, hit.end)}
    return [
        replace(finding, score=min(finding.score, BELOW_HOLD))
        if finding.clause in HELD and finding.clause not in said
        else finding
        for finding in findings
    ]


def _is_plain(annotated: Words, known: Collection[str]) -> bool:
    """Whether enough letters are in known words that are not small ones, which stand in codes and pieces by chance."""
    words = [word for word, _, _ in annotated if not word.isdigit()]
    plain = sum(len(word) for word in words if len(word) > 2 and (word in known or word.replace("'", "") in known))
    return plain >= _MIN_PLAIN * sum(map(len, words))


def is_uncertain(text: PipelineText, failed: Collection[str]) -> bool:
    """Whether a text may not be what the sender wrote for people.

    It is not shown, its file was not read well, or its words are the dots of letters that nobody read.
    """
    if text.kind in (PassageKind.HIDDEN, PassageKind.OTHER):
        return True
    if text.kind is PassageKind.ATTACHED and (DISPUTED in failed or UNREADABLE in failed):
        return True
    return PICTURED in failed and any(drawn_with_words(passage.text) for _, passage, _ in text.pieces)


def without_holds(findings: Iterable[Finding], direction: str) -> list[Finding]:
    """The findings of an uncertain text: in a student's message none of them holds it, because it may ask for help."""
    if direction != Direction.STUDENT_TO_STAFF:
        return list(findings)
    return [replace(finding, score=min(finding.score, BELOW_HOLD)) for finding in findings]
