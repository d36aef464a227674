"""What most commands begin with: the settings of -c FILE, and a store to look into."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.assembly.factories import directory_sources
from gateway.core.fault import Fault
from gateway.directory.loading import load_from
from gateway.directory.roster import Roster
from gateway.settings.model import Settings, load


def settings_of(given: Namespace) -> Settings:
    """The settings of this call: file, then environment."""
    return load(given.config, os.environ)


def actor() -> str:
    """Who decides at this terminal, for the audit log: the login name of the operating system."""
    return "terminal:" + (os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid()))


def roster_of(settings: Settings) -> Roster | None:
    """The roster as its files are now; None, and why on standard error, where it cannot be read."""
    try:
        return load_from(directory_sources(settings), time.time()).roster
    except Fault as fault:
        print(f"without the roster: {fault}", file=sys.stderr)
        return None


def local_time(at: float | None, zone: str) -> str:
    """A time as the district's clock shows it; a dash where there is none."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
