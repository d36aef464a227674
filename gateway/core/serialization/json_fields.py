"""Reads the fields of a JSON record and checks them: a missing or wrong field raises WireError."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import NoReturn, TypeVar

E = TypeVar("E", bound=Enum)


class WireError(ValueError):
    """An invalid record; `word` is the name of the field, "json" or "v". It never holds content."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def rfc3339(at: float) -> str:
    """A time as RFC 3339 text in UTC, to the millisecond."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time. Raises ValueError if it is invalid or has no offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("the time has no offset")
    return at.timestamp()


def to_json(document: Mapping[str, object]) -> bytes:
    """Compact JSON in UTF-8. Raises ValueError for NaN and infinity.

    A lone surrogate, from an address that was not UTF-8, becomes its JSON escape, so that readers restore it.
    """
    return _COMPACT.encode(document).encode("utf-8", "backslashreplace")


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


# made once: `json.dumps` and `json.loads` make one for every call that has options
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_STRICT = json.JSONDecoder(parse_constant=_no_constant)


class JsonFields:
    """One JSON object. Each method takes the name of a field and, if the field is optional, its default."""

    def __init__(self, values: object, name: str) -> None:
        if not isinstance(values, dict):
            raise WireError(name)
        self._values: dict[str, object] = values

    @classmethod
    def of(cls, value: bytes, version: int) -> JsonFields:
        """The JSON object of a record. Raises WireError if it is invalid or has another version."""
        try:
            document = _STRICT.decode(value.decode(json.detect_encoding(value), "surrogatepass"))
        except (ValueError, RecursionError):
            raise WireError("json") from None
        fields = cls(document, "json")
        if fields.whole("v") != version:
            raise WireError("v")
        return fields

    def has(self, name: str) -> bool:
        """Whether the object has a value for a field."""
        return self._values.get(name) is not None

    def text(self, name: str, default: str | None = None, *, empty: bool = True) -> str:
        """A string."""
        value = self._values.get(name, default)
        if not isinstance(value, str) or not (value or empty):
            raise WireError(name)
        return value

    def label(self, name: str) -> str:
        """A string, or a whole number as one."""
        return str(self.whole(name)) if isinstance(self._values.get(name), int) else self.text(name, empty=False)

    def texts(self, name: str, default: list[str] | None = None) -> tuple[str, ...]:
        """A list of strings."""
        values = self._list(name, default)
        found = tuple(value for value in values if isinstance(value, str))
        if len(found) != len(values):
            raise WireError(name)
        return found

    def true(self, name: str) -> bool:
        """A boolean, false where left out."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise WireError(name)
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A finite number."""
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WireError(name)
        try:
            number = float(value)
        except OverflowError:
            raise WireError(name) from None
        if not math.isfinite(number):
            raise WireError(name)
        return number

    def score(self, name: str) -> float:
        """A number from 0 to 1."""
        value = self._values.get(name)
        number = value if type(value) is float else self.number(name)
        if not 0 <= number <= 1:
            raise WireError(name)
        return number

    def scores(self, name: str) -> dict[str, float]:
        """An object of scores; empty if it is missing."""
        inner = JsonFields(self._values.get(name, {}), name)
        try:
            return {key: inner.score(key) for key in inner._values}
        except WireError:
            raise WireError(name) from None  # its keys could be anything

    def whole(self, name: str) -> int:
        """A non-negative integer."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise WireError(name)
        return value

    def time(self, name: str) -> float:
        """An RFC 3339 time as seconds since the epoch."""
        try:
            return from_rfc3339(self.text(name))
        except (ValueError, OverflowError):
            raise WireError(name) from None

    def one_of(self, name: str, choices: type[E]) -> E:
        """One of the values of an enumeration."""
        try:
            return choices(self.text(name))
        except ValueError:
            raise WireError(name) from None

    def inner(self, name: str) -> JsonFields:
        """An object."""
        return JsonFields(self._values.get(name), name)

    def objects(self, name: str, default: list[object] | None = None) -> Iterator[JsonFields]:
        """A list of objects."""
        return (JsonFields(item, name) for item in self._list(name, default))

    def _list(self, name: str, default: object = None) -> list[object]:
        value = self._values.get(name, default)
        if not isinstance(value, list):
            raise WireError(name)
        return value
