"""The store of classroom tools: the register, each change with its audit entry, and the use of unregistered tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.policy.tool_changes import ToolChange as ToolChange
from gateway.core.tools.register import Tool, ToolUse


class ToolStore(Protocol):
    """The register of classroom tools."""

    async def all(self) -> Sequence[Tool]:
        """Every tool in any state, by domain."""

    async def find(self, domain: str) -> Tool | None:
        """The tool of exactly this domain, in any state."""

    async def change(self, domain: str, change: ToolChange) -> Tool | None:
        """Change the row of a domain in one transaction. Returns the new row; None if nothing was changed."""

    async def import_new(self, tools: Sequence[Tool], by: str) -> int:
        """Add the tools whose domain has no row yet, with an audit entry for each. Returns how many were added."""

    async def uses(self) -> Sequence[ToolUse]:
        """The tools that were not registered when they were used, the most used first."""
