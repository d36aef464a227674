"""The store: can it be used, and is there room?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from gateway.commands.checks.line import Line, warn


def check_room(file: Path, max_waiting: int) -> Iterator[Line]:
    """Free space beside an embedded store."""
    folder = next((parent for parent in file.parents if parent.exists()), None)
    if folder is None:
        return
    free = shutil.disk_usage(folder).free
    if free < max_waiting:
        yield warn(
            "store",
            f"{free >> 20} MiB are free in {folder}, less than store.max_waiting; make room, or lower the setting",
        )
