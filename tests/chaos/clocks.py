"""Clocks that can be stepped: libfaketime changes the wall clock of processes; their monotonic clock goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1",)


def library() -> str:
    """The file of libfaketime; "" if it is not installed."""
    found = [str(file) for pattern in LIBRARIES for file in Path("/").glob(pattern.lstrip("/"))]
    return found[0] if found else ""


@dataclass(eq=False)
class Clock:
    """The clock of one machine: a step is seen within a second by all processes that were started with it."""

    name: str
    files: list[Path] = field(default_factory=list)
    offset: float = 0.0

    def environment(self, file: Path) -> dict[str, str]:
        """The environment of processes with this clock. `file` is made, and must be readable for them."""
        if not (preload := library()):
            return {}
        file.write_text("+0")
        file.chmod(0o644)
        self.files.append(file)
        return {
            "LD_PRELOAD": preload,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: float) -> None:
        """Move the clock."""
        self.offset += seconds
        for file in self.files:
            new = file.with_suffix(".new")
            new.write_text(f"{self.offset:+.0f}")
            new.chmod(0o644)
            new.replace(file)
