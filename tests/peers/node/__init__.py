"""The folder in which `make node` installs the packages of package.json."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "build" / "node"
