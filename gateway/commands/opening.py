"""What most commands begin with: the settings of -c FILE, and a store to look into."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.settings import Settings, load


def settings_of(given: Namespace) -> Settings:
    """The settings of this call: file, then environment."""
    return load(given.config, os.environ)


def actor() -> str:
    """Who decides at this terminal, for the audit log: the login name of the operating system."""
    return "terminal:" + (os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid()))


def local_time(at: float | None, zone: str) -> str:
    """A time as the district's clock shows it; a dash where there is none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
