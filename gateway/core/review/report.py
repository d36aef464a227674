"""Reports: how much was held and for what, who decided how soon, and how often the policy was overruled. No person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from statistics import median

from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Pair

_LET_GO = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


@dataclass(frozen=True, slots=True)
class Holding:
    """One recipient's copy that the policy held, and what became of it."""

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
    """One line of a report: holds, and of them those decided by people, let go by them, still held."""

    held: int = 0
    decided: int = 0
    overturned: int = 0
    waiting: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """The share of the decided ones that people let go."""
        return self.overturned / self.decided if self.decided else None

    @property
    def usual(self) -> float | None:
        """The median of the seconds from acceptance to a person's decision."""
        return median(self.seconds) if self.seconds else None

    def add(self, holding: Holding) -> None:
        """Count one more."""
        self.held += 1
        if holding.state is State.HELD:
            self.waiting += 1
        elif holding.decided_by not in ("", "policy"):
            self.decided += 1
            self.overturned += holding.state in _LET_GO
            if holding.decided_at is not None:
                self.seconds.append(max(holding.decided_at - holding.received_at, 0.0))


Lines = Mapping[str, ReportLine]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was held in a time, in all and by what it can be told apart by, the most first."""

    total: ReportLine
    by: Mapping[str, Lines]


def report(holdings: Iterable[Holding], buildings: Callable[[Sequence[Pair]], Iterable[str]], zone: tzinfo) -> Report:
    """The report on holdings; `buildings` says which ones a relation belongs to. Days are those of the zone."""
    total, by = ReportLine(), defaultdict[str, dict[str, ReportLine]](dict)
    for each in holdings:
        total.add(each)
        day = datetime.fromtimestamp(each.received_at, UTC).astimezone(zone).date().isoformat()
        values = {
            "day": (day,), "clause": each.clauses or ("none",), "building": tuple(buildings(each.pairs)) or ("none",),
            "language": (each.language or "unknown",), "channel": (each.channel,), "direction": (each.direction,),
        }  # fmt: skip
        for name, some in values.items():
            for value in some:
                by[name].setdefault(value, ReportLine()).add(each)
    ordered = {name: dict(sorted(lines.items(), key=_order(name))) for name, lines in by.items()}
    return Report(total, ordered)


def _order(name: str) -> Callable[[tuple[str, ReportLine]], tuple[int, str]]:
    return (lambda each: (0, each[0])) if name == "day" else (lambda each: (-each[1].held, each[0]))


def table(found: Report, volume: Counter[tuple[str, str]]) -> list[tuple[object, ...]]:
    """A report as rows for a spreadsheet, the heading first."""
    rows: list[tuple[object, ...]] = [
        ("by", "value", "held", "decided by people", "of them let go", "still held", "median seconds to decision")
    ]
    rows += [
        ("delivered or held", f"{channel} {action}", count, "", "", "", "")
        for (channel, action), count in sorted(volume.items())
    ]
    for name, lines in {"all": {"": found.total}, **found.by}.items():
        for value, line in lines.items():
            usual = "" if line.usual is None else round(line.usual)
            rows.append((name, value, line.held, line.decided, line.overturned, line.waiting, usual))
    return rows
