"""axe-core: an auditor of accessibility that runs in the page it looks at."""

from __future__ import annotations

from tests.peers.node import FOLDER

SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def missing() -> str:
    """What is missing, and the mend; "" when nothing is."""
    return "" if SCRIPT.exists() else "axe-core is not fetched (make node)"
