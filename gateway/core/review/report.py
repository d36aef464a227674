"""Reports: how many messages there were, how many were flagged or held, and how people decided. No person is named.

Every rate has its denominator and an interval: a group with few messages cannot be compared with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.core.review.daily_counts import TIME_EDGES, Tally
from gateway.core.review.intervals import Median, Share, median_of_buckets, share

PER = 1000
"""Rates are told per so many messages."""
KINDS = ("clause", "building", "language", "channel", "direction", "day")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One group. `messages` is the denominator of its rates: of a clause, it is all messages of the period."""

    tally: Tally
    messages: int

    @property
    def held(self) -> Share:
        """The held messages of all."""
        return share(self.tally.held, self.messages)

    @property
    def flagged(self) -> Share:
        """The flagged messages of all."""
        return share(self.tally.flagged, self.messages)

    @property
    def alerted(self) -> Share:
        """The calls for help of all."""
        return share(self.tally.alerted, self.messages)

    @property
    def overturned(self) -> Share:
        """The held messages that people released, of those that they decided."""
        return share(self.tally.overturned, self.tally.decided)

    @property
    def fine(self) -> Share:
        """The flagged messages that people found to be fine, of those that they looked at."""
        return share(self.tally.fine, self.tally.judged)

    @property
    def waiting(self) -> int:
        """Held messages that nobody has decided."""
        return self.tally.held - self.tally.decided

    @property
    def time(self) -> Median:
        """The median time from acceptance to a person's decision."""
        return median_of_buckets(self.tally.times, TIME_EDGES)


@dataclass(frozen=True, slots=True)
class Week:
    """The counts of seven days, named by the first."""

    first: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Report:
    """A period: in total, by group (the most messages first), and by week."""

    total: ReportLine
    by: Mapping[str, Mapping[str, ReportLine]]
    volume: Mapping[tuple[str, str], int]


def build_report(
    tallies: Mapping[tuple[str, str], Tally], buildings: Mapping[str, Tally], days: Mapping[str, Tally]
) -> Report:
    """A report from the counts of a period: by kind and value, by building, and by day."""
    total = tallies.get(("all", ""), Tally())
    by: dict[str, dict[str, ReportLine]] = {kind: {} for kind in KINDS}
    for (kind, value), tally in tallies.items():
        if kind in by:
            by[kind][value] = ReportLine(tally, total.messages if kind == "clause" else tally.messages)
    by["building"] = {building: ReportLine(tally, tally.messages) for building, tally in buildings.items()}
    ordered = {kind: dict(sorted(lines.items(), key=_order)) for kind, lines in by.items()}
    ordered["day"] = {day: ReportLine(tally, tally.messages) for day, tally in sorted(days.items())}
    volume: dict[tuple[str, str], int] = {}
    for channel, line in by["channel"].items():
        found = line.tally
        rest = found.messages - found.flagged - found.held - found.alerted
        for action, count in (
            ("release", rest),
            ("flag", found.flagged),
            ("hold", found.held),
            ("alert", found.alerted),
        ):
            if count:
                volume[channel, action] = count
    return Report(ReportLine(total, total.messages), {kind: lines for kind, lines in ordered.items() if lines}, volume)


def _order(item: tuple[str, ReportLine]) -> tuple[int, int, str]:
    value, line = item
    return -line.tally.held - line.tally.flagged, -line.tally.messages, value


def weeks_of(days: Mapping[str, Tally], last: str, count: int) -> list[Week]:
    """The counts of weeks that end on a day, the oldest first."""
    end = date.fromisoformat(last)
    weeks = []
    for back in range(count - 1, -1, -1):
        first = end - timedelta(days=7 * back + 6)
        tally = Tally()
        for offset in range(7):
            if (found := days.get((first + timedelta(days=offset)).isoformat())) is not None:
                tally.merge(found)
        weeks.append(Week(first.isoformat(), tally))
    return weeks


_HEADER = (
    "by", "value", "held", "decided by people", "of them released", "still held", "median seconds to decision",
    "messages", "flagged", "calls for help", "held per 1000", "low", "high", "flagged per 1000", "low", "high",
    "released share", "low", "high", "flags looked at", "of them fine", "fine share", "low", "high", "small group",
)  # fmt: skip


def report_rows(report: Report) -> list[Sequence[object]]:
    """A report as rows for a spreadsheet, the header first. Empty cells: there is nothing to tell a share of."""
    rows: list[Sequence[object]] = [_HEADER]
    rows += [("delivered or held", f"{channel} {action}", n) for (channel, action), n in sorted(report.volume.items())]
    for name, lines in {"all": {"": report.total}, **report.by}.items():
        for value, line in lines.items():
            tally, time = line.tally, line.time.value
            rows.append((
                name, value, tally.held, tally.decided, tally.overturned, line.waiting,
                "" if time is None else round(time), line.messages, tally.flagged, tally.alerted,
                *_cells(line.held, PER), *_cells(line.flagged, PER), *_cells(line.overturned), tally.judged, tally.fine,
                *_cells(line.fine), "yes" if line.held.small else "",
            ))  # fmt: skip
    return rows


def _cells(found: Share, per: int = 1) -> Iterable[object]:
    values = (found.value, found.low, found.high)
    return ("" if value is None else round(value * per, 4) for value in values)
