"""The texts of a message: its passages joined, normalized, and mapped back to the received offsets.

A message becomes a few texts that are classified separately: new text (with the subject), quotes, unverified quotes,
files, hidden text, and each other reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.normalize.language import DetectedLanguage, detect_language
from classifiers.normalize.normalization import Normalizer
from classifiers.normalize.normalized_text import NormalizedText
from gateway.core.messages.verdict import Span
from gateway.core.mime.guard import Guard

_MAX_READINGS = 8
"""Other readings that are classified alone: what stands in one hides nothing in another."""
UNKNOWN_LANGUAGE = DetectedLanguage("und", covered=False)
_GROUPS = {
    PassageKind.SUBJECT: PassageKind.NEW,
    PassageKind.NEW: PassageKind.NEW,
    PassageKind.FORWARDED: PassageKind.NEW,
    PassageKind.UNVERIFIED: PassageKind.UNVERIFIED,
    PassageKind.SIGNATURE: PassageKind.SIGNATURE,
    PassageKind.QUOTED: PassageKind.QUOTED,
    PassageKind.ATTACHED: PassageKind.ATTACHED,
    PassageKind.HIDDEN: PassageKind.HIDDEN,
    PassageKind.OTHER: PassageKind.OTHER,
}


@dataclass(frozen=True, slots=True)
class PipelineText:
    """One text for the pipeline. `pieces` are (offset in `text`, passage, its normalized form) in order.

    `help_from` is the score from which help counts in an excerpt that is read for help only, 0 for a whole text.
    `is_complete`: no finder of disguises failed.
    """

    kind: PassageKind
    text: str
    pieces: tuple[tuple[int, Passage, NormalizedText], ...]
    disguises: int
    help_from: float = 0.0
    is_complete: bool = True

    @property
    def has_guesses(self) -> bool:
        """Whether some words were read as other ones, see `NormalizedText`."""
        return any(normal.guesses for _, _, normal in self.pieces)

    def is_guessed(self, start: int, end: int) -> bool:
        """Whether a word in a range of this text was received as another one."""
        for offset, _, normal in self.pieces:
            begin, stop = max(start, offset), min(end, offset + len(normal.text))
            if begin < stop and normal.guesses:
                first, last = normal.received_range(begin - offset, stop - offset)
                if any(first < guess_end and guess_start < last for guess_start, guess_end in normal.guesses):
                    return True
        return False

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """The received spans of a range of this text. Files and hidden text have none."""
        for offset, passage, normal in self.pieces:
            begin, stop = max(start, offset), min(end, offset + len(normal.text))
            if begin < stop and passage.part:
                at, to = normal.received_range(begin - offset, stop - offset)
                yield Span(passage.part, passage.start + at, passage.start + to)


def build_texts(
    passages: Sequence[Passage], normalizer: Normalizer
) -> tuple[tuple[PipelineText, ...], DetectedLanguage]:
    """The texts of a message, new text first, and the language of the message.

    If that language is covered but the language of a file or an unverified quote is not, the latter is returned.
    """
    new_text = " \n".join(passage.text for passage in passages if _GROUPS[passage.kind] is PassageKind.NEW)
    whole = new_text or " \n".join(passage.text for passage in passages)
    language = Guard().run("language", detect_language, whole, normalizer.known) or UNKNOWN_LANGUAGE
    if new_text and language.covered:
        language = next(
            (passage for passage in _other_languages(passages, normalizer) if not passage.covered), language
        )
    groups: dict[tuple[PassageKind, int], list[Passage]] = {}
    for passage in passages:
        kind = _GROUPS[passage.kind]
        alone = min(sum(group is kind for group, _ in groups), _MAX_READINGS) if kind is PassageKind.OTHER else 0
        groups.setdefault((kind, alone), []).append(passage)
    code = "es" if language.code == "es" else "en"
    return tuple(
        _join(key[0], groups[key], normalizer, code)
        for key in sorted(groups, key=lambda key: (list(PassageKind).index(key[0]), key[1]))
    ), language


def _other_languages(passages: Sequence[Passage], normalizer: Normalizer) -> Iterator[DetectedLanguage]:
    """The languages of unverified quotes and of files."""
    for kind in (PassageKind.UNVERIFIED, PassageKind.ATTACHED):
        yield detect_language("\n".join(passage.text for passage in passages if passage.kind is kind), normalizer.known)


def _join(kind: PassageKind, passages: list[Passage], normalizer: Normalizer, language: str) -> PipelineText:
    pieces, out, at, disguises, is_complete = [], [], 0, 0, True
    for passage in passages:
        normal = normalizer(passage.text, language)
        pieces.append((at, passage, normal))
        out.append(normal.text)
        at += len(normal.text) + 1
        disguises += normal.disguises
        is_complete &= normal.is_complete
    return PipelineText(kind, "\n".join(out), tuple(pieces), disguises, is_complete=is_complete)
