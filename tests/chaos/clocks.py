"""Clocks that can be stepped: a preloaded library changes the wall clock of processes, not their monotonic one."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.peers.commands import missing

_SOURCE = Path(__file__).with_name("stepped_clock.c")


@functools.cache
def library() -> Path:
    """The compiled library, readable for every user. Raises CalledProcessError if it does not compile."""
    file = Path(tempfile.mkdtemp(prefix="chaperone-clock-")) / "stepped_clock.so"
    atexit.register(shutil.rmtree, file.parent, ignore_errors=True)
    file.parent.chmod(0o755)
    subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", file, _SOURCE, "-ldl"], check=True)
    return file


@dataclass(eq=False)
class Clock:
    """The clock of one machine: a step is seen at once by all processes that were started with it."""

    name: str
    files: list[Path] = field(default_factory=list)
    offset: float = 0.0

    def environment(self, file: Path) -> dict[str, str]:
        """The environment of processes with this clock. `file` is made, and must be readable for them.

        Without a compiler it is empty: the clock stands by the machine's.
        """
        if missing("cc"):
            return {}
        file.write_bytes(struct.pack("=q", 0))
        file.chmod(0o644)
        self.files.append(file)
        return {"LD_PRELOAD": str(library()), "STEPPED_CLOCK": str(file)}

    def step(self, seconds: float) -> None:
        """Move the clock by whole seconds."""
        self.offset += seconds
        for file in self.files:
            descriptor = os.open(file, os.O_WRONLY)
            os.write(descriptor, struct.pack("=q", round(self.offset)))  # in place: the file is mapped
            os.close(descriptor)
