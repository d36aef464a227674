"""axe-core: an accessibility checker that runs inside a page."""

from __future__ import annotations

from tests.peers.node import FOLDER

SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def missing() -> str:
    """What is missing and how to install it; "" if nothing is."""
    return "" if SCRIPT.exists() else "axe-core is not fetched (make node)"
