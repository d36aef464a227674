"""Ordinary months: varied messages of staff and students through seasons, teams and exam weeks, as counters see them.

    python -m tests.core.contact.ordinary_months [--messages 20000] [--pairs 200] [--seed 1]

Prints how many messages the counters flag. Purposes are drawn with the errors of classifiers.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway import policies
from gateway.core.contact.calendar import local_minute, week_of
from gateway.core.contact.findings import contact_findings
from gateway.core.contact.history import SIX_WEEKS, WEEK, ContactRow, PairHistory, Usual
from gateway.core.contact.limits import ContactRules
from gateway.core.contact.measures import weekly_counts
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action

ZONE = ZoneInfo("America/Chicago")
START = datetime(2026, 8, 24, tzinfo=ZONE)
WEEKS = 20
EXAMS = (8, 17)
HOLIDAYS = (13, 18)
"""Numbers of weeks from the start: exam weeks, and weeks with hardly any messages."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of pair: messages a week, the hours of writing, and the weeks in which it writes more.

    `hours` are hours of the day with their weights. `season`: first and last week, and the factor in it.
    """

    weekly: float
    hours: dict[int, int]
    season: tuple[int, int, float]
    weekend: float = 0.1
    staff: float = 0.5


SCHOOL_HOURS = {8: 3, 9: 3, 10: 3, 11: 3, 12: 2, 13: 3, 14: 3, 15: 5, 16: 4}
EVENINGS = {16: 4, 17: 3, 18: 3, 19: 5, 20: 5, 21: 2, 22: 1}
KINDS = {
    "class": (Kind(2.0, {**SCHOOL_HOURS, 19: 2, 20: 2, 21: 1}, (0, 19, 1.0)), 50),
    "team": (Kind(4.0, EVENINGS, (1, 10, 2.5), weekend=0.3, staff=0.7), 20),
    "play": (Kind(2.0, EVENINGS, (5, 10, 4.0), weekend=0.3), 10),
    "counselor": (Kind(6.0, SCHOOL_HOURS, (0, 19, 1.0)), 8),
    "debate": (Kind(1.5, {**SCHOOL_HOURS, **EVENINGS}, (4, 14, 2.0), weekend=0.5), 7),
    "yearbook": (Kind(3.0, {**SCHOOL_HOURS, 20: 2}, (2, 16, 1.5)), 5),
}
PURPOSES = ("academic", "scheduling", "expectations", "notification", "acknowledgement", "personal", "other")
WEIGHTS = (28, 26, 8, 22, 10, 3, 3)


def pair_rows(chance: random.Random, kind: Kind, level: float) -> list[ContactRow]:
    """The one-to-one messages of one pair, in exchanges of one to six messages."""
    rows: list[ContactRow] = []
    for week in range(WEEKS):
        first, last, factor = kind.season
        rate = kind.weekly * level * (factor if first <= week <= last else 0.7)
        rate *= 2.0 if week in EXAMS else 0.1 if week in HOLIDAYS else 1.0
        wanted = sum(chance.random() < rate / 40 for _ in range(40))
        while wanted > 0:
            day = chance.choice((5, 6)) if chance.random() < kind.weekend else chance.randrange(5)
            (hour,) = chance.choices(list(kind.hours), list(kind.hours.values()))
            at = START + timedelta(weeks=week, days=day, hours=hour, minutes=chance.randrange(60))
            by_staff = chance.random() < kind.staff
            outside = chance.random() < 0.002
            for _ in range(min(wanted, chance.choice((1, 1, 2, 2, 3, 6)))):
                rows.append(_row(chance, at, by_staff, outside))
                at += timedelta(minutes=chance.randrange(1, 25))
                by_staff = not by_staff
                wanted -= 1
    return sorted(rows, key=lambda row: row.at)


def _row(chance: random.Random, at: datetime, by_staff: bool, outside: bool) -> ContactRow:
    (purpose,) = chance.choices(PURPOSES, WEIGHTS)
    seconds = at.timestamp()
    channel = "sms" if chance.random() < 0.2 else "mail"
    return ContactRow(seconds, local_minute(seconds, ZONE), by_staff, True, outside, channel, 0, purpose)


def months(seed: int, pairs: int, messages: int) -> list[list[ContactRow]]:
    """The messages of so many pairs, about so many in all."""
    chance = random.Random(seed)
    kinds = [kind for kind, _ in KINDS.values()]
    drawn = chance.choices(kinds, [weight for _, weight in KINDS.values()], k=pairs)
    levels = [chance.lognormvariate(0, 0.4) for _ in drawn]
    trial = sum(len(pair_rows(random.Random(seed), kind, level)) for kind, level in zip(drawn, levels, strict=True))
    scale = messages / trial
    return [pair_rows(chance, kind, level * scale) for kind, level in zip(drawn, levels, strict=True)]


def flagged(rows: list[ContactRow], rules: ContactRules) -> Iterator[tuple[ContactRow, str, str]]:
    """The messages of a pair that counters flag, with the limit and the words."""
    for at, row in enumerate(rows):
        past = [other for other in rows[: at + 1] if other.at > row.at - SIX_WEEKS]
        weekly = sorted(
            number for week, number in weekly_counts(rows[:at]).items()
            if week_of(row.local) - 6 <= week < week_of(row.local)
        )  # fmt: skip
        usual = Usual(len(weekly), weekly[len(weekly) // 2], weekly[-1], len(weekly), 2.0, 8.0) if weekly else None
        total = 2 * sum(other.at > row.at - WEEK for other in past)
        history = PairHistory(tuple(past), total, row.at, usual=usual)
        for finding in contact_findings(history, rules):
            if finding.flags:
                yield row, finding.limit, finding.text


def shipped_rules() -> ContactRules:
    """The rules of the shipped policy."""
    return policies.read(None, dict.fromkeys(Direction, Action.FLAG)).contact_rules


def main() -> None:
    """Generate months and print what is flagged."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--pairs", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    rules = shipped_rules()
    generated = months(given.seed, given.pairs, given.messages)
    total = sum(map(len, generated))
    found = [item for rows in generated for item in flagged(rows, rules)]
    messages = {(row.at, id(row)) for row, _, _ in found}
    share = f"{len(messages)} flagged ({len(messages) / total:.2%})"
    print(f"seed {given.seed}: {total} messages of {given.pairs} pairs, {share}")
    print(dict(Counter(limit for _, limit, _ in found)))
    for _, _, text in found[:5]:
        print(f"  {text}")


if __name__ == "__main__":
    main()
