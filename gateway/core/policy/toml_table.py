"""One table of a policy file, read key by key and checked: every fault names its key and the mend."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

_DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class PolicyError(ValueError):
    """The policy file is refused: `key` is the dotted key, `mend` says what is wrong with it and how to mend it."""

    def __init__(self, key: str, mend: str) -> None:
        super().__init__(f"{key}: {mend}")
        self.key = key
        self.mend = mend


class TomlTable:
    """A TOML table at a dotted path. Keys that nobody asked for are faults: `done` says so."""

    def __init__(self, values: object, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise PolicyError(path or "the policy", "must be a table of keys and values")
        self._values: Mapping[str, object] = values
        self._path = path
        self._asked: set[str] = set()

    def key(self, name: str) -> str:
        """The dotted path of a key of this table."""
        return f"{self._path}.{name}" if self._path else name

    def fault(self, name: str, mend: str) -> PolicyError:
        """A fault of one key, to be raised."""
        return PolicyError(self.key(name), mend)

    def has(self, name: str) -> bool:
        """Whether the key is there."""
        self._asked.add(name)
        return name in self._values

    def _get(self, name: str, wanted: str) -> object:
        if not self.has(name):
            raise self.fault(name, f"is missing; write {wanted}")
        return self._values[name]

    def text(self, name: str) -> str:
        """A text that is not empty."""
        value = self._get(name, "a text")
        if not isinstance(value, str) or not value.strip():
            raise self.fault(name, f"must be a text, not {value!r}")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._get(name, 'a list such as ["a", "b"]')
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self.fault(name, f"must be a list of texts, not {value!r}")
        return tuple(value)

    def share(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self._get(name, "a number from 0 to 1")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.fault(name, f"must be a number from 0 to 1, not {value!r}")
        return float(value)

    def count(self, name: str) -> int:
        """A whole number, not below zero."""
        value = self._get(name, "a whole number")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.fault(name, f"must be a whole number, not {value!r}")
        return value

    def duration(self, name: str) -> float:
        """A duration in seconds."""
        wanted = 'a duration such as "30m", "4h" or "2d"'
        value = self._get(name, wanted)
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.fault(name, f"must be {wanted}, not {value!r}")
        return float(int(found[1]) * _UNITS[found[2]])

    def clock(self, name: str) -> int:
        """A time of day in minutes."""
        value = self._get(name, 'a time of day such as "21:00"')
        found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.fault(name, f'must be a time of day such as "21:00", not {value!r}')
        return int(found[1]) * 60 + int(found[2])

    def word(self, name: str, words: Collection[str]) -> str:
        """One of some words."""
        listed = ", ".join(words)
        value = self._get(name, f"one of {listed}")
        if not isinstance(value, str) or value not in words:
            raise self.fault(name, f"must be one of {listed}, not {value!r}")
        return value

    def table(self, name: str, wanted: str = "a table") -> TomlTable:
        """A table in this one."""
        return TomlTable(self._get(name, wanted), self.key(name))

    def tables(self, name: str) -> Iterator[TomlTable]:
        """A list of tables, empty where left out."""
        value = self._values.get(name, []) if self.has(name) else []
        if not isinstance(value, list):
            raise self.fault(name, f"must be a list of tables; write [[{name}]] before each")
        for number, each in enumerate(value, start=1):
            yield TomlTable(each, f"{self.key(name)}[{number}]")

    def names(self) -> tuple[str, ...]:
        """All keys, which count as asked for."""
        self._asked.update(self._values)
        return tuple(self._values)

    def done(self) -> None:
        """Raise where a key was there that nobody asked for."""
        for name in self._values:
            if name not in self._asked:
                near = get_close_matches(name, sorted(self._asked), 1)
                meant = (
                    f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(self._asked)) or 'none'}"
                )
                raise self.fault(name, f"is no key of a policy; {meant}")
