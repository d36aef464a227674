"""Reports: how much was held and why, how fast it was decided, how often it was released. No person is named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from statistics import median

from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Pair

_RELEASED = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """One recipient's copy that the policy held, and what happened to it."""

    received_at: float
    decided_at: float | None
    decided_by: str
    state: State
    channel: str
    direction: str
    clauses: tuple[str, ...]
    language: str
    pairs: tuple[Pair, ...]


@dataclass(slots=True)
class ReportLine:
    """One line of a report: held copies, those decided by reviewers, released by them, and still held."""

    held: int = 0
    decided: int = 0
    overturned: int = 0
    waiting: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The share of the decided copies that reviewers released."""
        return self.overturned / self.decided if self.decided else None

    @property
    def usual(self) -> float | None:
        """The median seconds from acceptance to a reviewer's decision."""
        return median(self.seconds) if self.seconds else None

    def add(self, copy: HeldCopy) -> None:
        """Count one copy."""
        self.held += 1
        if copy.state is State.HELD:
            self.waiting += 1
        elif copy.decided_by not in ("", "policy"):
            self.decided += 1
            self.overturned += copy.state in _RELEASED
            if copy.decided_at is not None:
                self.seconds.append(max(copy.decided_at - copy.received_at, 0.0))


ReportLines = Mapping[str, ReportLine]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything held in a period: in total, and by day, clause, building and so on, the largest first."""

    total: ReportLine
    by: Mapping[str, ReportLines]


def build_report(
    copies: Iterable[HeldCopy], buildings: Callable[[Sequence[Pair]], Iterable[str]], zone: tzinfo
) -> Report:
    """The report on held copies. `buildings` returns the buildings of pairs. Days are those of the time zone."""
    total, by = ReportLine(), defaultdict[str, dict[str, ReportLine]](dict)
    for copy in copies:
        total.add(copy)
        day = datetime.fromtimestamp(copy.received_at, UTC).astimezone(zone).date().isoformat()
        values = {
            "day": (day,), "clause": copy.clauses or ("none",), "building": tuple(buildings(copy.pairs)) or ("none",),
            "language": (copy.language or "unknown",), "channel": (copy.channel,), "direction": (copy.direction,),
        }  # fmt: skip
        for name, keys in values.items():
            for value in keys:
                by[name].setdefault(value, ReportLine()).add(copy)
    ordered = {name: dict(sorted(lines.items(), key=_order(name))) for name, lines in by.items()}
    return Report(total, ordered)


def _order(name: str) -> Callable[[tuple[str, ReportLine]], tuple[int, str]]:
    return (lambda item: (0, item[0])) if name == "day" else (lambda item: (-item[1].held, item[0]))


def report_rows(report: Report, volume: Counter[tuple[str, str]]) -> list[tuple[object, ...]]:
    """A report as rows for a spreadsheet, the header first."""
    rows: list[tuple[object, ...]] = [
        ("by", "value", "held", "decided by people", "of them let go", "still held", "median seconds to decision")
    ]
    rows += [
        ("delivered or held", f"{channel} {action}", count, "", "", "", "")
        for (channel, action), count in sorted(volume.items())
    ]
    for name, lines in {"all": {"": report.total}, **report.by}.items():
        for value, line in lines.items():
            usual = "" if line.usual is None else round(line.usual)
            rows.append((name, value, line.held, line.decided, line.overturned, line.waiting, usual))
    return rows
