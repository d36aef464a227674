"""Shared by most commands: settings, roster, times, and the name for the audit log."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.assembly.factories import directory_sources
from gateway.core.fault import Fault
from gateway.directory.loading import load_sources
from gateway.directory.roster import Roster
from gateway.settings.model import Settings, load


def load_settings(options: Namespace) -> Settings:
    """The settings of this call, from the file and the environment."""
    return load(options.config, os.environ)


def actor() -> str:
    """The user at this terminal, for the audit log: the login name of the operating system."""
    return "terminal:" + (os.environ.get("SUDO_USER") or os.environ.get("USER") or str(os.getuid()))


def load_roster(settings: Settings) -> Roster | None:
    """The roster from its files; if they cannot be read, print why to standard error and return None."""
    try:
        return load_sources(directory_sources(settings), time.time()).roster
    except Fault as fault:
        print(f"without the roster: {fault}", file=sys.stderr)
        return None


def local_time(at: float | None, zone: str) -> str:
    """A time in the district's time zone; a dash for None."""
    if at is None:
        return "-"
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
