"""Command-line clients that nobody here wrote, used as independent witnesses."""

from __future__ import annotations

import shutil

PACKAGES = {"swaks": "swaks", "kcat": "kcat"}


def missing(command: str) -> str:
    """What is missing for a command and how to mend it; "" when it is there."""
    if shutil.which(command):
        return ""
    return f"{command} is not installed (make services, or the package {PACKAGES[command]})"
