"""No serving package parses content: it asks a ContentParser, whose children do."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVING = ("relays", "transports", "stages", "console", "directory", "bus", "store", "observability", "assembly")
PARSERS = frozenset({
    "mime_parts", "text_part", "leaves", "part_of", "read_mail", "read_text", "excerpt", "new_text", "read_html",
    "sanitize_html", "sanitized_pieces", "excerpt_of", "signed_names_of", "account_of", "parts", "parts_of",
    "media_parts",
    "header_of", "shown_header", "decode_value", "decode_words", "header_words",
})  # fmt: skip
"""Functions that parse content."""
METHODS = frozenset({"reading_of", "read_parts", "read_fully"})
"""The same as methods of a channel."""
HOMES = ("gateway.core.mime", "gateway.core.channels.registry", "gateway.core.messages", "gateway.ports.content")


def _uses(path: Path) -> set[str]:
    """The parsing functions that a module imports or calls."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith(HOMES):
                found |= {alias.name for alias in names} & PARSERS
            case ast.Call(func=ast.Attribute(attr=name)) if name in METHODS:
                found.add(name)
            case _:
                pass
    return found


def test_no_serving_package_parses_content() -> None:
    modules = [path for name in SERVING for path in (ROOT / "gateway" / name).rglob("*.py")]
    assert len(modules) > 100
    assert not {str(path.relative_to(ROOT)): used for path in modules if (used := _uses(path))}


def test_console_reads_no_header_of_a_stored_message() -> None:
    modules = (ROOT / "gateway/console").rglob("*.py")
    users = {path.name for path in modules if "HeaderSection" in path.read_text(encoding="utf-8")}
    assert users == {"submission.py"}  # the header of the mail that it sends itself
