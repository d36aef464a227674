"""The JSON of one line of counts, in reports and on the overview."""

from __future__ import annotations

from pydantic import BaseModel

from gateway.core.review.intervals import Share
from gateway.core.review.report import ReportLine


class RateRow(BaseModel):
    """`part` of `whole`, with the interval of the share (95 percent, Wilson); null for a share of nothing.

    `small`: there are too few cases to compare it with others.
    """

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None
    small: bool

    @classmethod
    def of(cls, found: Share) -> RateRow:
        """The row of a share."""
        return cls(
            part=found.part, whole=found.whole, value=found.value, low=found.low, high=found.high, small=found.small
        )  # fmt: skip


class ReportLineRow(BaseModel):
    """The messages of one group: how many, what the policy did, what people decided, and how long it took them.

    `messages` is the denominator of the rates; of a clause, it is all messages of the period.
    """

    value: str
    messages: int
    held: int
    flagged: int
    help: int
    decided: int
    overturned: int
    waiting: int
    median_seconds: float | None
    median_seconds_low: float | None
    median_seconds_high: float | None
    held_rate: RateRow
    flagged_rate: RateRow
    help_rate: RateRow
    overturned_rate: RateRow
    flags_fine_rate: RateRow

    @classmethod
    def of(cls, value: str, line: ReportLine) -> ReportLineRow:
        """The row of a line."""
        tally, time = line.tally, line.time
        return cls(
            value=value, messages=line.messages, held=tally.held, flagged=tally.flagged, help=tally.alerted,
            decided=tally.decided, overturned=tally.overturned, waiting=line.waiting, median_seconds=time.value,
            median_seconds_low=time.low, median_seconds_high=time.high, held_rate=RateRow.of(line.held),
            flagged_rate=RateRow.of(line.flagged), help_rate=RateRow.of(line.alerted),
            overturned_rate=RateRow.of(line.overturned), flags_fine_rate=RateRow.of(line.fine),
        )  # fmt: skip
