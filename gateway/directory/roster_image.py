"""The packed form of a roster: a few long arrays instead of a million small objects.

Texts are stored end to end and looked up in hash tables of 64-bit hashes. An image is a fifth of the size of objects,
passes between processes as it is, and neither mapping nor releasing it blocks the event loop.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from mmap import mmap
from struct import Struct
from typing import IO, Any, Literal, TypeAlias

VERSION = 4
_first_of = Struct("=Q").unpack_from
_MAGIC = b"chaperone roster\n"

Buffer: TypeAlias = "bytes | bytearray | memoryview | array[int]"


class InvalidImage(ValueError):
    """The bytes are not a roster image of this version and byte order."""


def hash64(text: str) -> int:
    """The hash of a text for lookups: the same in every process, never 0."""
    return _first_of(blake2b(text.encode("utf-8", "surrogatepass")).digest())[0] or 1


class PackedTextsBuilder:
    """Collects texts end to end."""

    def __init__(self) -> None:
        self._ends = array("I", [0])
        self._bytes = bytearray()

    def add(self, text: str) -> None:
        """Append a text."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> str:
        return self.raw(at).decode("utf-8", "surrogatepass")

    def raw(self, at: int) -> bytearray:
        """The bytes of a text."""
        return self._bytes[self._ends[at] : self._ends[at + 1]]

    def sections(self, name: str) -> dict[str, Buffer]:
        """The sections that `PackedTexts` reads."""
        return {f"{name}.ends": self._ends, f"{name}.bytes": self._bytes}


class PackedTexts:
    """Texts, by number."""

    def __init__(self, image: RosterImage, name: str) -> None:
        self._ends = image.numbers(f"{name}.ends", "I")
        self._bytes = image.raw(f"{name}.bytes")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> str:
        return str(self._bytes[self._ends[at] : self._ends[at + 1]], "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(len(self)))


class HashIndexBuilder:
    """Collects hashes with a number each and builds a hash table of them."""

    MAX_PER_KEY = 32
    """Further entries with the same hash are left out."""

    def __init__(self) -> None:
        self.hashes = array("Q")
        self._values = array("I")

    def add(self, hash_: int, value: int) -> None:
        """Add a number under the hash of a text."""
        self.hashes.append(hash_)
        self._values.append(value)

    def build(self, on_duplicate: Callable[[int, int, int], None] | None = None) -> HashTable:
        """The table. `on_duplicate` is called with the hash, its first number and each further number."""
        size = 4
        while 2 * size < 3 * len(self.hashes):
            size *= 2
        keys, values, mask = array("Q", bytes(8 * size)), array("I", bytes(4 * size)), size - 1
        for hash_, value in zip(self.hashes, self._values, strict=True):
            at, same = hash_ & mask, 0
            while key := keys[at]:
                if key == hash_:
                    same += 1
                    if on_duplicate is not None and same == 1:
                        on_duplicate(hash_, values[at], value)
                at = (at + 1) & mask
            if same < self.MAX_PER_KEY:
                keys[at], values[at] = hash_, value
        return HashTable(keys, values)

    def sections(self, name: str) -> dict[str, Buffer]:
        """The sections that `HashIndex` reads."""
        return self.build().sections(name)


@dataclass(frozen=True, slots=True)
class HashTable:
    """An open-addressing hash table: for each slot its hash, 0 when free, and its number."""

    keys: array[int]
    values: array[int]

    def replace(self, hash_: int, value: int) -> None:
        """Replace the number of the first entry with a hash."""
        at = hash_ & (len(self.keys) - 1)
        while self.keys[at] != hash_:
            at = (at + 1) & (len(self.keys) - 1)
        self.values[at] = value

    def sections(self, name: str) -> dict[str, Buffer]:
        """The sections that `HashIndex` reads."""
        return {f"{name}.keys": self.keys, f"{name}.values": self.values}


class HashIndex:
    """Looks up numbers by text, in the order they were added."""

    def __init__(self, image: RosterImage, name: str) -> None:
        self._keys = image.numbers(f"{name}.keys", "Q")
        self._values = image.numbers(f"{name}.values", "I")
        self._mask = len(self._keys) - 1

    def first(self, text: str) -> int | None:
        """The first number of a text."""
        keys, mask = self._keys, self._mask
        hash_ = hash64(text)
        at = hash_ & mask
        while key := keys[at]:
            if key == hash_:
                return self._values[at]
            at = (at + 1) & mask
        return None

    def every(self, text: str) -> list[int]:
        """Every number of a text."""
        hash_ = hash64(text)
        at, found = hash_ & self._mask, []
        while key := self._keys[at]:
            if key == hash_:
                found.append(self._values[at])
            at = (at + 1) & self._mask
        return found


def pack_lists(lists: Iterable[Iterable[int]], name: str) -> dict[str, Buffer]:
    """The sections of `PackedLists`: where each list ends, and all numbers in a row."""
    ends, values = array("I", [0]), array("I")
    for numbers in lists:
        values.extend(numbers)
        ends.append(len(values))
    return {f"{name}.ends": ends, f"{name}.values": values}


class PackedLists:
    """One list of numbers per row."""

    def __init__(self, image: RosterImage, name: str) -> None:
        self._ends = image.numbers(f"{name}.ends", "I")
        self._values = image.numbers(f"{name}.values", "I")

    def __getitem__(self, row: int) -> memoryview[int]:
        return self._values[self._ends[row] : self._ends[row + 1]]


class RosterImage:
    """The sections of a roster by name, and `facts`: JSON values."""

    def __init__(self, facts: Mapping[str, Any], sections: Mapping[str, Buffer]) -> None:
        self.facts = facts
        self._sections = sections

    @classmethod
    def load(cls, packed: bytes | mmap) -> RosterImage:
        """The image in a piece of memory, which it keeps using. Raises InvalidImage."""
        memory = memoryview(packed)
        start = len(_MAGIC) + 8
        if packed[: len(_MAGIC)] != _MAGIC or len(packed) < start:
            raise InvalidImage("not a roster image")
        end = start + int.from_bytes(memory[len(_MAGIC) : start], "little")
        try:
            head = json.loads(packed[start:end])
        except ValueError:
            raise InvalidImage("a roster image that is cut off") from None
        if (head["version"], head["order"]) != (VERSION, sys.byteorder):
            raise InvalidImage("a roster image of another version")
        sections: dict[str, Buffer] = {}
        for name, size in head["sections"]:
            sections[name] = memory[end : end + size]
            end += size
        if end != len(memory):
            raise InvalidImage("a roster image that is cut off")
        return cls(head["facts"], sections)

    def write(self, file: IO[bytes]) -> None:
        """Write the image to a file."""
        pieces = [memoryview(section).cast("B") for section in self._sections.values()]
        sizes = [(name, len(piece)) for name, piece in zip(self._sections, pieces, strict=True)]
        head = json.dumps({"version": VERSION, "order": sys.byteorder, "facts": self.facts, "sections": sizes}).encode()
        file.write(_MAGIC + len(head).to_bytes(8, "little") + head)
        for piece in pieces:
            file.write(piece)

    def with_sections(self, sections: Mapping[str, Buffer]) -> RosterImage:
        """A copy with further sections."""
        return RosterImage(self.facts, {**self._sections, **sections})

    def numbers(self, name: str, typecode: Literal["I", "Q"]) -> memoryview[int]:
        """A section as numbers."""
        return memoryview(self._sections[name]).cast("B").cast(typecode)

    def raw(self, name: str) -> memoryview[int]:
        """A section as bytes."""
        return memoryview(self._sections[name]).cast("B")
