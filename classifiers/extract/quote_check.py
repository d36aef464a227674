"""Quoted text against the record: whether what says that it is an earlier message can be one.

A line "On Monday Ms. Radford wrote:" is quickly written above words of one's own. A quote is believed where the
conversation's record has its words, or where the message is an answer by its header fields and the record does not
speak against it. What is not believed weighs as if it were said now.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from classifiers.extract.extraction import Passage
from classifiers.extract.quoting import Kind
from gateway.core.messages.message import EarlierMessage
from gateway.core.mime.headers import fields, header_section

_WORD = re.compile(r"\w+")
_WHOSE = re.compile(
    r"^[>\s]*(?:(?:On|El|En)\b[^\n]{4,200}(?:\n[^\n]{0,100}){0,2}?\b(?:wrote|escribi[óo]):"
    r"|[^\n]{1,80}\b(?:wrote|escribi[óo]):|[-_]{2,}[^\n]{0,60}"
    r"|\*?(?:From|De|Sent|Date|To|Subject|Cc|Enviado|Enviado el|Fecha|Para|Asunto):[^\n]*)[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Lines that only say whose the words below are."""
_RUN = 3
"""Words in a row by which a text is known again."""
_KNOWN = 0.5
"""The share of its runs that has to be in the record for a text to be known."""
_NOTHING = 0.2
"""Below this share the record knows nothing of a quote."""
_FEW = 8
"""Words of a quote up to which nothing can be said of it."""
_ANSWERS = frozenset({"in-reply-to", "references"})


class QuoteCheck:
    """What a conversation is known to have said."""

    def __init__(self, context: Sequence[EarlierMessage]) -> None:
        self._runs = {run for said in context for run in _runs(said.text)}

    def __bool__(self) -> bool:
        return bool(self._runs)

    def share(self, text: str) -> float:
        """How much of a text the conversation has said before, 0 to 1."""
        runs = _runs(text)
        return sum(run in self._runs for run in runs) / len(runs) if runs and self._runs else 0.0

    def knows(self, text: str) -> bool:
        """Whether a text was said before."""
        return self.share(_WHOSE.sub("", text)) >= _KNOWN


def believed(passages: Sequence[Passage], content: bytes, record: QuoteCheck) -> tuple[Passage, ...]:
    """The passages, those that only claim to be quoted as what they are."""
    quoted = [each for each in passages if each.kind is Kind.QUOTED]
    if not quoted:
        return tuple(passages)
    whole = _WHOSE.sub("", "\n".join(each.text for each in quoted))
    size = len(_WORD.findall(whole))
    share = record.share(whole)
    if size <= _FEW or share >= _KNOWN:
        return tuple(passages)
    said = sum(len(_WORD.findall(each.text)) for each in passages if each.kind is Kind.FRESH)
    if is_answer(content) and not (record and share < _NOTHING and size > said):
        return tuple(passages)
    return tuple(replace(each, kind=Kind.CLAIMED) if each.kind is Kind.QUOTED else each for each in passages)


def is_answer(content: bytes) -> bool:
    """Whether a message says in its header which one it answers (RFC 5322 section 3.6.4)."""
    return any(name in _ANSWERS and b"<" in raw for name, raw in fields(header_section(content)))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}
