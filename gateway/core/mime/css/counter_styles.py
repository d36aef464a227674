"""Counters of a style sheet's own, whose signs may be any letters or words (CSS Counter Styles)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tinycss2 import parse_blocks_contents

_MAX_SYMBOLS = 1_000
_MAX_REPEATED = 100


@dataclass(frozen=True, slots=True)
class CounterStyle:
    """The signs of a counter, and the number of the first of them."""

    system: str
    symbols: tuple[str, ...]
    first: int = 1
    prefix: str = ""

    def text(self, value: int) -> str:
        """How a number is written."""
        symbols = self.symbols
        if not symbols:
            return self.prefix
        size = len(symbols)
        if self.system == "cyclic":
            sign = symbols[(value - 1) % size]
        elif self.system == "fixed":
            sign = symbols[value - self.first] if 0 <= value - self.first < size else str(value)
        elif self.system in ("alphabetic", "numeric") and size > 1:
            sign = self._positional(value)
        else:
            count, at = divmod(max(value, 1) - 1, size)
            sign = symbols[at] * min(count + 1, _MAX_REPEATED)
        return self.prefix + sign

    def _positional(self, value: int) -> str:
        out: list[str] = []
        offset = 1 if self.system == "alphabetic" else 0
        value = abs(value)
        while value > 0 or not (out or offset):
            value, at = divmod(value - offset, len(self.symbols))
            out.append(self.symbols[at])
        return "".join(reversed(out))


def read_counter_style(content: Sequence[Any]) -> CounterStyle:
    """The counter that a rule defines."""
    system, first, prefix, symbols = "symbolic", 1, "", tuple[str, ...]()
    for node in parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if node.type != "declaration":
            continue
        if node.lower_name == "system":
            words = [token for token in node.value if token.type in ("ident", "number")]
            system = str(words[0].value).lower() if words else system
            first = int(words[1].value) if len(words) > 1 and words[1].type == "number" else 1
        elif node.lower_name in ("symbols", "additive-symbols"):
            symbols = tuple([str(token.value) for token in node.value if token.type in ("string", "ident")])
        elif node.lower_name == "prefix":
            prefix = "".join([str(token.value) for token in node.value if token.type in ("string", "ident")])
    return CounterStyle(system, symbols[:_MAX_SYMBOLS], first, prefix)
