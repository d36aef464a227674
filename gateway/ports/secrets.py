"""TODO."""

from __future__ import annotations

from typing import Protocol


class SecretStore(Protocol):
    """Random keys that every process of one store shares."""

    async def get_or_create(self, name: str) -> bytes:
        """A secret of a name, made when it is first asked for."""
