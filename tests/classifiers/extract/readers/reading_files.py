"""Reads one file for the tests of the readers."""

from __future__ import annotations

import time
from dataclasses import dataclass

from classifiers.extract import documents
from classifiers.extract.readers.reading import FileAccount


@dataclass(frozen=True)
class ReadFile:
    """What was read of a file."""

    text: str
    hidden: str
    failed: tuple[str, ...]
    accounts: list[FileAccount]

    @property
    def everything(self) -> str:
        return f"{self.text}\n{self.hidden}"


def read(name: str, data: bytes, media_type: str = "application/octet-stream") -> ReadFile:
    """Read a file with the usual limits."""
    budget = documents.Budget(time.monotonic() + 60, 200_000)
    text, failed = documents.extract_text(media_type, name, data, budget)
    return ReadFile(text, "\n".join(budget.hidden), failed, budget.accounts)
