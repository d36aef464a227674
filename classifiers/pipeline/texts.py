"""Texts as the pipeline takes them: the passages of a message put together, normalised, with the way back.

A message becomes a few texts that are read apart: what is written now (with the subject), what is quoted, what only
claims to be, what lies in files, what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classifiers.extract.extraction import Passage
from classifiers.extract.quoting import Kind
from classifiers.normalize.language import Heard, heard
from classifiers.normalize.normalization import Normal, Normaliser
from gateway.core.messages.verdict import Span

_TOGETHER = {
    Kind.SUBJECT: Kind.FRESH,
    Kind.FRESH: Kind.FRESH,
    Kind.FORWARDED: Kind.FRESH,
    Kind.CLAIMED: Kind.CLAIMED,
    Kind.SIGNATURE: Kind.SIGNATURE,
    Kind.QUOTED: Kind.QUOTED,
    Kind.ATTACHED: Kind.ATTACHED,
    Kind.HIDDEN: Kind.HIDDEN,
}


@dataclass(frozen=True, slots=True)
class ReadText:
    """One text for the pipeline; `pieces` are (offset in `text`, its passage, its normal form) in order."""

    kind: Kind
    text: str
    pieces: tuple[tuple[int, Passage, Normal], ...]
    tricks: int

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """The received places behind a stretch of this text; none in files and hidden text."""
        for offset, passage, normal in self.pieces:
            begin, behind = max(start, offset), min(end, offset + len(normal.text))
            if begin < behind and passage.part:
                at, to = normal.back(begin - offset, behind - offset)
                yield Span(passage.part, passage.start + at, passage.start + to)


def texts(passages: Sequence[Passage], normalise: Normaliser) -> tuple[tuple[ReadText, ...], Heard]:
    """The texts of a message, what is written now first, and the language it is written in.

    Where that is covered, but not the language of a file or of what claims to be a quote, it is theirs.
    """
    fresh = " \n".join(each.text for each in passages if _TOGETHER[each.kind] is Kind.FRESH)
    language = heard(fresh or " \n".join(each.text for each in passages), normalise.known)
    if fresh and language.covered:
        language = next((each for each in _beside(passages, normalise) if not each.covered), language)
    groups: dict[Kind, list[Passage]] = {}
    for each in passages:
        groups.setdefault(_TOGETHER[each.kind], []).append(each)
    code = "es" if language.code == "es" else "en"
    return tuple(
        _joined(kind, groups[kind], normalise, code) for kind in sorted(groups, key=list(Kind).index)
    ), language


def _beside(passages: Sequence[Passage], normalise: Normaliser) -> Iterator[Heard]:
    """The languages of what only claims to be a quote, and of what lies in files."""
    for kind in (Kind.CLAIMED, Kind.ATTACHED):
        yield heard("\n".join(each.text for each in passages if each.kind is kind), normalise.known)


def _joined(kind: Kind, passages: list[Passage], normalise: Normaliser, language: str) -> ReadText:
    pieces, out, at, tricks = [], [], 0, 0
    for passage in passages:
        normal = normalise(passage.text, language)
        pieces.append((at, passage, normal))
        out.append(normal.text)
        at += len(normal.text) + 1
        tricks += normal.tricks
    return ReadText(kind, "\n".join(out), tuple(pieces), tricks)
