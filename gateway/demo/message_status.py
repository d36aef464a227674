"""Looks up a message in a running gateway, read-only, through the store's lookup port.

The words of a finding are cut from the message here. Spans count code points in the parts that
`gateway.core.mime.parts` returns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Verdict
from gateway.core.review.views import MessageDetail, RecipientTrace
from gateway.demo.phones import short_title
from gateway.ports.content import ReadHere, read_detail
from gateway.ports.review import LookupStore

_MOST_WORDS = 3
_LONGEST = 72
_GAP = 4  # words between two pieces that are shown as one
_NEIGHBORS = 2
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]++(?=\s)|\n(?:[^\S\n]*+\n)++")


@dataclass(frozen=True, slots=True)
class ShownClause:
    """One clause that led to the action: its title, its score (0 to 1) and the words found."""

    clause: str
    title: str
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """The status of a message in scope. `failed` are the words of the verdict; `purpose` is "" if it is unclear."""

    id: str
    message_id: str
    sender: str
    subject: str
    direction: str
    action: str
    recipients: tuple[RecipientTrace, ...]
    reasons: tuple[ShownClause, ...] = ()
    failed: tuple[str, ...] = ()
    purpose: str = ""
    help: float = 0.0
    took_ms: float | None = None

    @property
    def decided(self) -> bool:
        """Whether no recipient waits for a verdict."""
        return all(recipient.state is not State.RECEIVED for recipient in self.recipients)

    def addresses_in(self, *states: State) -> tuple[str, ...]:
        """The recipients in one of these states."""
        return tuple(recipient.address for recipient in self.recipients if recipient.state in states)


class StatusLookup:
    """Finds the status of a message by our id or by Message-ID, and lists what is held. Raises StoreDown."""

    def __init__(self, lookups: LookupStore, titles: Mapping[str, str]) -> None:
        self._lookups, self._titles = lookups, titles

    async def status(self, *, id: str = "", message_id: str = "") -> MessageStatus | None:
        """The status of one message; None if the store does not know it (not accepted yet, or out of scope)."""
        if not id:
            traces = await self._lookups.trace(message_id=message_id) if message_id else ()
            if not traces:
                return None
            id = traces[0].id
        detail = await self._lookups.detail(id)
        return None if detail is None else _status(await read_detail(ReadHere(), detail), self._titles)

    async def held_ids(self) -> Sequence[str]:
        """The ids of all held messages."""
        return [message.id for message in await self._lookups.held()]


def _status(detail: MessageDetail, titles: Mapping[str, str]) -> MessageStatus:
    trace, verdict = detail.trace, detail.verdict
    if capabilities_of(detail.channel).has_header_section:
        title = detail.header.subject
    else:
        title = short_title(detail.content.decode(errors="replace"))
    reasons: tuple[ShownClause, ...] = ()
    if verdict is not None:
        texts = {part.number: part.text for part in detail.parts()} | {"subject": title}
        reasons = tuple(
            ShownClause(clause, titles.get(clause, ""), verdict.score(clause), _words(verdict, clause, texts))
            for clause in trace.clauses
        )
    return MessageStatus(
        id=trace.id,
        message_id=trace.message_id,
        sender=trace.sender,
        subject=title,
        direction=trace.direction,
        action=trace.action,
        recipients=trace.recipients,
        reasons=reasons or tuple(ShownClause(clause, titles.get(clause, ""), 0.0) for clause in trace.clauses),
        failed=verdict.failed if verdict else (),
        purpose=_purpose(verdict),
        help=verdict.help if verdict else 0.0,
        took_ms=verdict.took_ms if verdict else None,
    )


def _words(verdict: Verdict, clause: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    """The words found for one clause, highest score first, without duplicates; neighboring spans are joined."""
    spans = sorted(
        (span.part, span.start, min(span.end, len(texts.get(span.part, ""))), finding.score)
        for finding in verdict.findings
        if finding.clause == clause
        for span in finding.spans
    )
    pieces: list[tuple[str, int, int, float]] = []
    for part, start, end, score in spans:
        if start >= end:
            continue
        if pieces and part == pieces[-1][0] and _close(texts[part][pieces[-1][2] : start]):
            _, first, last, best = pieces.pop()
            pieces.append((part, first, max(last, end), max(best, score)))
        else:
            pieces.append((part, start, end, score))
    pieces.sort(key=lambda piece: -piece[3])
    shown = dict.fromkeys(_shortened(_in_context(texts[part], start, end)) for part, start, end, _ in pieces)
    return tuple(shown)[:_MOST_WORDS]


def _close(gap: str) -> bool:
    return len(gap.split()) <= _GAP and not _SENTENCE_END.search(gap)


def _in_context(text: str, start: int, end: int) -> str:
    """A piece in whole words. A piece of one or two words gets its neighbors in the sentence."""
    beside = _NEIGHBORS if len(text[start:end].split()) < 3 else 0
    before = _SENTENCE_END.split(text[max(0, start - _LONGEST) : start])[-1]
    after = _SENTENCE_END.split(text[end : end + _LONGEST])[0]
    left = re.search(rf"(?:\S+\s+){{0,{beside}}}\S*$", before)
    right = re.match(rf"\S*(?:\s+\S+){{0,{beside}}}", after)
    return " ".join(f"{left[0] if left else ''}{text[start:end]}{right[0] if right else ''}".split()).rstrip(",;:")


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def _purpose(verdict: Verdict | None) -> str:
    if verdict is None or not verdict.purpose:
        return ""
    name, score = max(verdict.purpose.items(), key=lambda item: item[1])
    return name if score >= 0.5 else ""
