"""Third-party command-line clients, used as independent checks."""

from __future__ import annotations

import shutil

PACKAGES = {
    "swaks": "swaks",
    "kcat": "kcat",
    "catdoc": "catdoc",
    "unrtf": "unrtf",
    "pdftotext": "poppler-utils",
    "cc": "gcc",
}


def missing(command: str) -> str:
    """Why a command is missing and how to install it; "" if it is there."""
    if shutil.which(command):
        return ""
    return f"{command} is not installed (make services, or the package {PACKAGES[command]})"
