"""Mail parsers of Node.js and Perl for the differential test."""

from __future__ import annotations

from tests.differential.parsers import PARSERS


def missing() -> str:
    """What is missing on this machine and how to install it; "" if nothing is."""
    names = [parser.name for parser in PARSERS if not parser.is_installed and parser.command[0] in ("node", "perl")]
    return f"{', '.join(names)} (make node, make services)" if names else ""
