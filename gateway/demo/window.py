"""The window: what the demo sees of a running gateway, read-only, through the port that people look things up by.

The words of a finding are cut from the message here: spans count code points of the parts that the pure reader gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.delivery import State
from gateway.core.headers import header_section, subject
from gateway.core.message import parts
from gateway.core.moderation import Explained, Whereabouts
from gateway.core.verdict import Finding, Verdict
from gateway.ports import Review

_MOST_WORDS = 3
_LONGEST = 72


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
    recipients: tuple[Whereabouts, ...]
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

    def __init__(self, review: Review, titles: Mapping[str, str]) -> None:
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


def _outcome(explained: Explained, titles: Mapping[str, str]) -> Outcome:
    trace, verdict = explained.trace, explained.verdict
    title = subject(header_section(explained.content)) if explained.channel == "mail" else ""
    grounds: tuple[Ground, ...] = ()
    if verdict is not None:
        texts = {each.number: each.text for each in parts(explained.content, explained.channel)} | {"subject": title}
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
    """What was found for one clause, the strongest finding first, each once and none inside another."""
    findings = sorted((each for each in verdict.findings if each.clause == clause), key=lambda each: -each.score)
    found: list[str] = []
    for text in (text for each in findings for text in _seen(each, texts)):
        if any(text in other for other in found):
            continue
        found = [other for other in found if other not in text] + [text]
    return tuple(_short(text) for text in found[:_MOST_WORDS])


def _seen(finding: Finding, texts: Mapping[str, str]) -> list[str]:
    cut = [" ".join(texts.get(span.part, "")[span.start : span.end].split()) for span in finding.spans]
    return [each for each in cut if each]


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rsplit(" ", 1)[0].rstrip(",;:.") + " …"


def _purpose(verdict: Verdict | None) -> str:
    if verdict is None or not verdict.purpose:
        return ""
    name, score = max(verdict.purpose.items(), key=lambda item: item[1])
    return name if score >= 0.5 else ""
