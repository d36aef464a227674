"""Where `make node` puts the Node.js programs of package.json."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[3] / "build" / "node"
