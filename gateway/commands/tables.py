"""Prints tables to the terminal, or in full to a pipe or file."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

_UNLIMITED = 1 << 16


def print_table(table: Table, *, empty: str) -> None:
    """Print a table; `empty` if it has no rows. On a terminal cells wrap; elsewhere every row is one full line."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_UNLIMITED)
    console.print(table if table.row_count else empty)
