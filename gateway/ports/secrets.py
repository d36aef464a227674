"""Secrets of the store."""

from __future__ import annotations

from typing import Protocol


class SecretStore(Protocol):
    """Random keys that every process of one store shares."""

    async def get_or_create(self, name: str) -> bytes:
        """The key of a name: 32 random bytes, made at the first call and the same ever after."""
