"""The window: what the demo sees of a running gateway, read-only, through the port that people look things up by.

The words of a finding are cut from the message here: spans count code points of the parts that the pure reader gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.messages.delivery import State
from gateway.core.messages.verdict import Verdict
from gateway.core.mime.headers import header_section, subject
from gateway.core.review.views import MessageDetail, RecipientTrace
from gateway.demo.phones import short
from gateway.ports.review import LookupStore

_MOST_WORDS = 3
_LONGEST = 72
_GAP = 4  # words between two pieces that are read as one
_NEIGHBOURS = 2
_SENTENCE_END = re.compile(r"[.!?]+(?=\s)|\n\s*\n")


@dataclass(frozen=True, slots=True)
class Ground:
    """One clause that led to the action: its title, its score (0..1), and the words that were found."""

    clause: str
    title: str
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a message in scope stands. `failed` are the classifiers' own words; `purpose` "" where it is not clear."""

    id: str
    message_id: str
    sender: str
    subject: str
    direction: str
    action: str
    recipients: tuple[RecipientTrace, ...]
    grounds: tuple[Ground, ...] = ()
    failed: tuple[str, ...] = ()
    purpose: str = ""
    help: float = 0.0
    read_in: float | None = None  # milliseconds

    @property
    def decided(self) -> bool:
        """Whether no recipient waits for a verdict any more."""
        return all(each.state is not State.RECEIVED for each in self.recipients)

    def among(self, *states: State) -> tuple[str, ...]:
        """The recipients in one of these states."""
        return tuple(each.address for each in self.recipients if each.state in states)


class Window:
    """Outcomes by our id or by Message-ID, and what is held. Raises StoreDown."""

    def __init__(self, review: LookupStore, titles: Mapping[str, str]) -> None:
        self._review, self._titles = review, titles

    async def outcome(self, *, id: str = "", message_id: str = "") -> Outcome | None:
        """One message; None where the store does not know it: not accepted yet, or out of scope."""
        if not id:
            traces = await self._review.trace(message_id=message_id) if message_id else ()
            if not traces:
                return None
            id = traces[0].id
        explained = await self._review.explained(id)
        return None if explained is None else _outcome(explained, self._titles)

    async def held(self) -> Sequence[str]:
        """The ids of all messages that wait for an administrator."""
        return [each.id for each in await self._review.held()]


def _outcome(explained: MessageDetail, titles: Mapping[str, str]) -> Outcome:
    trace, verdict = explained.trace, explained.verdict
    is_mail = explained.channel == "mail"
    title = subject(header_section(explained.content)) if is_mail else short(explained.content.decode(errors="replace"))
    grounds: tuple[Ground, ...] = ()
    if verdict is not None:
        texts = {each.number: each.text for each in explained.parts()} | {"subject": title}
        grounds = tuple(
            Ground(clause, titles.get(clause, ""), verdict.score(clause), _words(verdict, clause, texts))
            for clause in trace.clauses
        )
    return Outcome(
        id=trace.id,
        message_id=trace.message_id,
        sender=trace.sender,
        subject=title,
        direction=trace.direction,
        action=trace.action,
        recipients=trace.recipients,
        grounds=grounds or tuple(Ground(each, titles.get(each, ""), 0.0) for each in trace.clauses),
        failed=verdict.failed if verdict else (),
        purpose=_purpose(verdict),
        help=verdict.help if verdict else 0.0,
        read_in=verdict.took_ms if verdict else None,
    )


def _words(verdict: Verdict, clause: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    """What was found for one clause, the strongest first, each once; what stands close together is one piece."""
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
    shown = dict.fromkeys(_short(_in_context(texts[part], start, end)) for part, start, end, _ in pieces)
    return tuple(shown)[:_MOST_WORDS]


def _close(gap: str) -> bool:
    return len(gap.split()) <= _GAP and not _SENTENCE_END.search(gap)


def _in_context(text: str, start: int, end: int) -> str:
    """A piece in whole words, and where it has one or two only, with its neighbours in the sentence."""
    beside = _NEIGHBOURS if len(text[start:end].split()) < 3 else 0
    before = _SENTENCE_END.split(text[max(0, start - _LONGEST) : start])[-1]
    after = _SENTENCE_END.split(text[end : end + _LONGEST])[0]
    left = re.search(rf"(?:\S+\s+){{0,{beside}}}\S*$", before)
    right = re.match(rf"\S*(?:\s+\S+){{0,{beside}}}", after)
    return " ".join(f"{left[0] if left else ''}{text[start:end]}{right[0] if right else ''}".split()).rstrip(",;:")


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def _purpose(verdict: Verdict | None) -> str:
    if verdict is None or not verdict.purpose:
        return ""
    name, score = max(verdict.purpose.items(), key=lambda item: item[1])
    return name if score >= 0.5 else ""
