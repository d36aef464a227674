"""The clock and the time zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.commands.checks.line import Line, error, warn

_SKEW = 5.0
_AHEAD = 300.0  # a file that was written this far in the future: the clock was set back, or is wrong now


def check_clock(now: float, files: Mapping[str, float], database: float | None) -> Iterator[Line]:
    """This machine's clock against the times of files (by name) and the clock of the database, in epoch seconds."""
    for name, written_at in files.items():
        if written_at > now + _AHEAD:
            yield error(
                "clock",
                f"{name} was written in the future: the clock is behind; set it, and run a time service such as chrony",
            )
            break
    if database is not None and abs(now - database) > _SKEW:
        yield warn(
            "clock",
            f"the database's clock differs by {abs(now - database):.0f} s; run a time service on both machines",
        )


def check_time_zone(zone: str, written: bool, machine_offset: float, now: float) -> Iterator[Line]:
    """A time zone that was not written, on a machine that is in another one. Offsets in seconds east of UTC."""
    offset = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    district = offset.total_seconds() if offset is not None else 0.0
    if not written and machine_offset not in (0.0, district):
        yield warn(
            "district.time_zone",
            f"it is not set, so night hours are those of {zone}, and this machine is in another zone; set it",
        )
