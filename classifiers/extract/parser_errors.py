"""The exceptions that file parsers raise for broken files: many of Python's own, and those of compression modules."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

PARSER_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, MemoryError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError, lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
