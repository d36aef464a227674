"""Answers of a reading process, decoded without trusting it: only our own plain records may be in them."""

from __future__ import annotations

import io
import pickle
from typing import Any

_RECORDS = frozenset({
    ("gateway.core.mime.parts", "Part"),
    ("gateway.core.mime.headers", "Mailbox"),
    ("gateway.core.mime.shown_header", "ShownHeader"),
    ("gateway.core.mime.page.attributes", "EmbeddedFile"),
    ("gateway.core.mime.account", "ByteSpan"),
    ("gateway.core.mime.account", "Use"),
})  # fmt: skip
"""The classes that an answer may contain, besides those of Python's literals."""


class _Answer(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Refuse everything but our records. Raises UnpicklingError."""
        if (module, name) not in _RECORDS:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return super().find_class(module, name)


def encode_answer(answer: object) -> bytes:
    """An answer as bytes."""
    return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


def decode_answer(data: bytes) -> Any:
    """An answer. Raises ValueError if it contains anything but records, or is no answer at all."""
    try:
        return _Answer(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, TypeError, KeyError) as error:
        raise ValueError("not an answer") from error
