"""A person's contact, and that of a pair, in numbers for a page: with how many people, how much, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.core.contact import measures
from gateway.core.contact.calendar import DAY_MINUTES, WEEK_MINUTES, date_of
from gateway.core.contact.history import ContactRow
from gateway.core.contact.limits import ContactRules
from gateway.core.contact.measures import Counts

Told = tuple[float, str, str, bool, str]
"""A finding: its time, clause and text, whether it flagged, and the id of the message."""
Account = tuple[str, str, str, float, int, float]
"""An outside address: its status, basis, confidence, messages, and when the last one came."""


@dataclass(frozen=True, slots=True)
class RaisedMessage:
    """A counted message that was flagged, held or alerted."""

    id: str
    conversation: str
    at: float
    by_staff: bool
    channel: str
    action: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonContact:
    """What the store has about a person since a time, by conversation.

    `others`: who is on the other side. `rows`: counted messages, oldest first. `totals`: all messages, class mail too.
    `accounts`: outside addresses that count, or were refused, as the person's own.
    """

    others: Mapping[str, str]
    rows: Mapping[str, tuple[ContactRow, ...]]
    totals: Mapping[str, int]
    findings: Mapping[str, tuple[Told, ...]]
    raised: tuple[RaisedMessage, ...]
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class PairSummary:
    """One line of a person's page. `other` is the sourcedId, or the address, of whoever is on the other side."""

    other: str
    counts: Counts
    class_mail: int
    begun_by_staff: int
    exchanges: int
    last_at: float
    found: int
    raised: int


def pair_summaries(contact: PersonContact, rules: ContactRules) -> list[PairSummary]:
    """The pairs of a person, those with most counted messages first."""
    raised = Counter(message.conversation for message in contact.raised)
    found = []
    for conversation, rows in contact.rows.items():
        groups = measures.exchanges(rows)
        found.append(
            PairSummary(
                contact.others[conversation],
                measures.count(rows, rules.night, rules.calendar),
                max(contact.totals.get(conversation, 0) - len(rows), 0),
                sum(group.begun_by_staff for group in groups),
                len(groups),
                rows[-1].at,
                sum(flags for *_, flags, _ in contact.findings.get(conversation, ())),
                raised[conversation],
            )
        )
    return sorted(found, key=lambda pair: (-pair.counts.messages, pair.other))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: how many messages, and how many of them over a personal account."""

    label: str
    messages: int
    outside: int


def week_bars(rows: Iterable[ContactRow]) -> list[Bar]:
    """One bar for each week from the first to the last message; the label is the week's Monday."""
    counted: Counter[int] = Counter()
    outside: Counter[int] = Counter()
    for row in rows:
        week = row.local // WEEK_MINUTES
        counted[week] += 1
        outside[week] += row.outside
    if not counted:
        return []
    weeks = range(min(counted), max(counted) + 1)
    return [Bar(str(date_of(week * WEEK_MINUTES)), counted[week], outside[week]) for week in weeks]


def hour_bars(rows: Iterable[ContactRow]) -> list[Bar]:
    """One bar for each hour of the day."""
    counted: Counter[int] = Counter()
    outside: Counter[int] = Counter()
    for row in rows:
        hour = row.local % DAY_MINUTES // 60
        counted[hour] += 1
        outside[hour] += row.outside
    return [Bar(f"{hour:02}:00", counted[hour], outside[hour]) for hour in range(24)]


def all_rows(contact: PersonContact) -> Sequence[ContactRow]:
    """The counted messages of a person with everybody, oldest first."""
    return sorted((row for rows in contact.rows.values() for row in rows), key=lambda row: row.at)
