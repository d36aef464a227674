"""Checks quoted text against the conversation: whether a claimed quote can really be an earlier message.

Anybody can write "On Monday Ms. Radford wrote:" above words of their own. A quote is accepted if the conversation
contains its words, or if the message is a reply by its header fields and the conversation does not contradict it. Any
other quote counts as new text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from gateway.core.messages.message import EarlierMessage
from gateway.core.mime.headers import HeaderSection

_WORD = re.compile(r"\w+")
_ATTRIBUTION = re.compile(
    r"^[> \t\r]*+(?:(?:On|El|En)\b[^\n]{4,200}(?:\n[^\n]{0,100}){0,2}?\b(?:wrote|escribi[óo]):"
    r"|[^\n]{1,80}\b(?:wrote|escribi[óo]):|[-_]{2,}[^\n]{0,60}"
    r"|\*?(?:From|De|Sent|Date|To|Subject|Cc|Enviado|Enviado el|Fecha|Para|Asunto):[^\n]*)[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Lines that only name the author of the words below."""
_RUN_WORDS = 3
"""Words in a row by which a text is recognized."""
_KNOWN_SHARE = 0.5
"""The share of its runs of words from which a text counts as known."""
_UNKNOWN_SHARE = 0.2
"""Below this share a quote counts as unknown."""
_FEW_WORDS = 8
"""A quote with at most this many words cannot be judged."""
_REPLY_FIELDS = frozenset({"in-reply-to", "references"})


class ConversationHistory:
    """The earlier messages of a conversation, as runs of words."""

    def __init__(self, context: Sequence[EarlierMessage]) -> None:
        self._runs = {run for earlier in context for run in _runs(earlier.text)}

    def __bool__(self) -> bool:
        return bool(self._runs)

    def known_share(self, text: str) -> float:
        """The share of a text, 0 to 1, that the conversation has said before."""
        runs = _runs(text)
        return sum(run in self._runs for run in runs) / len(runs) if runs and self._runs else 0.0

    def contains(self, text: str) -> bool:
        """Whether a text was said before."""
        return self.known_share(_ATTRIBUTION.sub("", text)) >= _KNOWN_SHARE


def mark_unverified_quotes(
    passages: Sequence[Passage], content: bytes, history: ConversationHistory
) -> tuple[Passage, ...]:
    """The passages. Quotes that fail the check become `PassageKind.UNVERIFIED`."""
    quoted = [passage for passage in passages if passage.kind is PassageKind.QUOTED]
    if not quoted:
        return tuple(passages)
    quoted_text = _ATTRIBUTION.sub("", "\n".join(passage.text for passage in quoted))
    quoted_words = len(_WORD.findall(quoted_text))
    known_share = history.known_share(quoted_text)
    if quoted_words <= _FEW_WORDS or known_share >= _KNOWN_SHARE:
        return tuple(passages)
    earlier = sum(len(_WORD.findall(passage.text)) for passage in passages if passage.kind is PassageKind.NEW)
    if is_reply(content) and not (history and known_share < _UNKNOWN_SHARE and quoted_words > earlier):
        return tuple(passages)
    return tuple(
        replace(passage, kind=PassageKind.UNVERIFIED) if passage.kind is PassageKind.QUOTED else passage
        for passage in passages
    )


def is_reply(content: bytes) -> bool:
    """Whether the header names a message that this one replies to (RFC 5322 section 3.6.4)."""
    return any(name in _REPLY_FIELDS and b"<" in raw for name, raw in HeaderSection.of(content).fields)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + _RUN_WORDS]) for at in range(len(words) - _RUN_WORDS + 1)}
