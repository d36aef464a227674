"""The program as it was before the last migrations, from the history of the repository. It runs with our libraries."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
REVISION = "5756e1622135145e142450a5f4220f1a8e0cad66"  # schema 13


def missing() -> str:
    """Why the older version cannot be had; "" if it can."""
    found = subprocess.run(["git", "cat-file", "-e", REVISION], cwd=ROOT, check=False, capture_output=True)
    return "" if found.returncode == 0 else f"the history lacks the revision {REVISION[:10]} (git fetch --unshallow)"


def unpack(folder: Path) -> Path:
    """Unpack its packages into a new folder, for PYTHONPATH. Returns the folder."""
    folder.mkdir()
    paths = ["gateway", "classifiers", ":!classifiers/training"]
    archive = subprocess.run(
        ["git", "archive", REVISION, "--", *paths], cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=60
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True, timeout=60)
    return folder
