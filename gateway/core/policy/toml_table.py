"""One table of a policy file, read and checked key by key. Every error names its key and says how to fix it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class PolicyError(ValueError):
    """The policy file is refused. `key` is the dotted key; `hint` says what is wrong with it and how to fix it."""

    def __init__(self, key: str, hint: str) -> None:
        super().__init__(f"{key}: {hint}")
        self.key = key
        self.hint = hint


class TomlTable:
    """A TOML table at a dotted path. `done` refuses keys that were never read."""

    def __init__(self, values: object, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise PolicyError(path or "the policy", "must be a table of keys and values")
        self._values: Mapping[str, object] = values
        self._path = path
        self._read: set[str] = set()

    def key(self, name: str) -> str:
        """The dotted path of a key of this table."""
        return f"{self._path}.{name}" if self._path else name

    def error(self, name: str, hint: str) -> PolicyError:
        """An error about one key, for the caller to raise."""
        return PolicyError(self.key(name), hint)

    def has(self, name: str) -> bool:
        """Whether the key exists."""
        self._read.add(name)
        return name in self._values

    def _get(self, name: str, expected: str) -> object:
        if not self.has(name):
            raise self.error(name, f"is missing; write {expected}")
        return self._values[name]

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._get(name, "a text")
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"must be a text, not {value!r}")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._get(name, 'a list such as ["a", "b"]')
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.error(name, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def share(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self._get(name, "a number from 0 to 1")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.error(name, f"must be a number from 0 to 1, not {value!r}")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._get(name, "true or false")
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, not {value!r}")
        return value

    def count(self, name: str) -> int:
        """A whole number, 0 or more."""
        value = self._get(name, "a whole number")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(name, f"must be a whole number, not {value!r}")
        return value

    def duration(self, name: str) -> float:
        """A duration in seconds."""
        expected = 'a duration such as "30m", "4h" or "2d"'
        value = self._get(name, expected)
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.error(name, f"must be {expected}, not {value!r}")
        return float(int(match[1]) * _UNITS[match[2]])

    def clock(self, name: str) -> int:
        """A time of day, in minutes."""
        value = self._get(name, 'a time of day such as "21:00"')
        match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.error(name, f'must be a time of day such as "21:00", not {value!r}')
        return int(match[1]) * 60 + int(match[2])

    def word(self, name: str, words: Collection[str]) -> str:
        """One of some words."""
        choices = ", ".join(words)
        value = self._get(name, f"one of {choices}")
        if not isinstance(value, str) or value not in words:
            raise self.error(name, f"must be one of {choices}, not {value!r}")
        return value

    def words(self, name: str, words: Collection[str]) -> frozenset[str]:
        """Some of some words; none when the key is missing."""
        listed = self.texts(name) if self.has(name) else ()
        for word in listed:
            if word not in words:
                raise self.error(name, f"has {word!r}; it lists some of {', '.join(words)}")
        return frozenset(listed)

    def table(self, name: str, expected: str = "a table") -> TomlTable:
        """A table in this one."""
        return TomlTable(self._get(name, expected), self.key(name))

    def tables(self, name: str) -> Iterator[TomlTable]:
        """A list of tables; empty when the key is missing."""
        value = self._values.get(name, []) if self.has(name) else []
        if not isinstance(value, list):
            raise self.error(name, f"must be a list of tables; write [[{name}]] before each")
        for number, table in enumerate(value, start=1):
            yield TomlTable(table, f"{self.key(name)}[{number}]")

    def names(self) -> tuple[str, ...]:
        """All keys. They count as read."""
        self._read.update(self._values)
        return tuple(self._values)

    def done(self) -> None:
        """Raise PolicyError if the table has a key that was never read."""
        for name in self._values:
            if name not in self._read:
                near = get_close_matches(name, sorted(self._read), 1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(self._read)) or 'none'}"
                raise self.error(name, f"is not a key of a policy; {hint}")
