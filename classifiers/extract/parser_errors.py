"""What readers of files raise on broken ones: whatever of Python comes to hand, and their own errors."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

BROKEN: tuple[type[Exception], ...] = (
    ArithmeticError, AssertionError, AttributeError, EOFError, ImportError, LookupError, MemoryError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError, lzma.LZMAError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
