"""Sample values for the tests of the core, and strategies that generate more."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from gateway.core.channels.capabilities import MAIL
from gateway.core.contact.calendar import local_minute
from gateway.core.contact.history import ContactRow, PairHistory, SenderRates
from gateway.core.messages.message import Envelope, Message, Recipient, sha256_of
from gateway.core.messages.parties import Direction, Pair, Relation
from gateway.core.messages.verdict import FAILURES, PURPOSES, Finding, Span, Verdict
from gateway.core.mime.html import read_html
from gateway.core.policy.clauses import BUILT_IN
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, parse

NOW = 1_795_534_200.125  # 2026-11-24T15:30:00.125Z
TEACHER, STUDENT, OTHER = (
    "dwhitfield@riverbend.example",
    "avery@students.riverbend.example",
    "jo@students.riverbend.example",
)
CHICAGO = ZoneInfo("America/Chicago")
S2S, T2S = Direction.STUDENT_TO_STAFF, Direction.STAFF_TO_STUDENT

CONTENT = (
    b"From: Dana Whitfield <dwhitfield@riverbend.example>\r\nTo: avery@students.riverbend.example\r\n"
    b"Subject: Quiz on Thursday\r\nMessage-ID: <a1@client.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe quiz covers 4.1 to 4.3. \xe2\x9c\x93\r\n"
)


def pair(recipient=STUDENT, staff="t1", student="s1", direction=T2S, own_child=False) -> Pair:
    return Pair(recipient, staff, student, direction, own_child)


PAIR = pair()


def message(content=CONTENT, pairs=(PAIR,), recipients=None, sender=TEACHER, options=(), channel=MAIL) -> Message:
    if recipients is None:
        recipients = tuple(Recipient(address) for address in dict.fromkeys(pair.recipient for pair in pairs))
    return Message(
        id="01m000000000000000000000000"[:26],
        channel=channel,
        envelope=Envelope(sender, recipients, options),
        content=content,
        sha256=sha256_of(content),
        received_at=NOW,
        relation=Relation(tuple(pairs)),
        subject="Quiz on Thursday",
        message_id="<a1@client.example>",
    )


scores = st.floats(0, 1, allow_nan=False)
words = st.text(max_size=12)
names = st.text(min_size=1, max_size=12)
times = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)
spans = st.builds(
    lambda part, start, length: Span(part, start, start + length),
    st.sampled_from(["subject", "1", "2"]), st.integers(0, 9999), st.integers(0, 99),
)  # fmt: skip
findings = st.builds(
    Finding, clause=st.sampled_from(BUILT_IN), score=scores, by=words, spans=st.lists(spans, max_size=2).map(tuple),
    cue=st.sampled_from(["", "evasion", "transition", "tool.example"]), quoted=st.booleans(), about=words,
)  # fmt: skip
verdicts = st.builds(
    Verdict, id=names, sha256=names, model=words, language=words, findings=st.lists(findings, max_size=5).map(tuple),
    purpose=st.dictionaries(st.sampled_from(PURPOSES), scores), help=scores,
    failed=st.lists(st.sampled_from(FAILURES), max_size=2, unique=True).map(tuple), took_ms=st.floats(0, 1e6),
    distress=st.none() | scores,
)  # fmt: skip
pairs = st.builds(
    Pair, recipient=st.sampled_from([STUDENT, OTHER, "class@riverbend.example"]), staff=st.sampled_from(["t1", "t2"]),
    student=st.sampled_from(["s1", "s2", "s3"]), direction=st.sampled_from(Direction), own_child=st.booleans(),
)  # fmt: skip
NO_RATES = SenderRates()
contact_rows = st.builds(
    lambda *fields: fields,
    st.integers(1, 400_000), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["mail", "sms"]),
    st.integers(0, 3), st.sampled_from(["", "personal", "academic", "notification"]),
)  # fmt: skip


def history(gaps: Sequence[tuple[Any, ...]], *, rates: SenderRates = NO_RATES, week_total: int = 0) -> PairHistory:
    """The history of a pair: its counted rows, each so many seconds after the one before."""
    rows: list[ContactRow] = []
    at = NOW
    for gap, by_staff, alone, outside, channel, marks, purpose in gaps:
        at += gap
        local = local_minute(at, CHICAGO)
        rows.append(ContactRow(at, local, by_staff, alone or not outside, outside, channel, marks, purpose))
    return PairHistory(tuple(rows), max(week_total, len(rows)), at, rates)


histories = st.builds(
    lambda rows, readers, by_staff, outsider, copies: history(
        rows, rates=SenderRates(readers, by_staff, outsider, copies, copies, NOW)
    ),
    st.lists(contact_rows, max_size=12), st.integers(0, 500), st.booleans(), st.booleans(), st.integers(0, 12),
)  # fmt: skip


SHIPPED = Path(__file__).parents[2] / "gateway" / "policies" / "401_13r2.toml"
NO_VERDICT = {T2S: Action.HOLD, S2S: Action.FLAG}


def shipped() -> dict[str, Any]:
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))


def policy(**changes: object) -> Policy:
    """The shipped policy, with some of its fields changed."""
    return replace(parse(shipped(), no_verdict=NO_VERDICT, source_hash="hash"), **changes)


def verdict(
    *found: Finding, help: float = 0.0, failed: tuple[str, ...] = (), distress: float | None = None
) -> Verdict:  # fmt: skip
    return Verdict(
        "01m00000000000000000000000", "ab" * 32, "test", findings=found, help=help, failed=failed, distress=distress
    )


def finding(clause: str, score: float, cue: str = "", quoted: bool = False) -> Finding:
    return Finding(clause, score, "test", cue=cue, quoted=quoted)


def visible_text(html: str) -> tuple[str, str]:
    """The text that a document shows, and the text that it hides."""
    reading = read_html(html)
    return reading.shown, reading.hidden
