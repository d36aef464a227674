"""The packed form of a roster: a few long arrays instead of a million small objects.

Texts lie end to end, and what is looked up is found by a hash table of 64-bit hashes. Such an image is a fifth of the
size of objects, is handed from one process to another as it is, and neither taking it over nor letting it go holds
up the event loop.
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

VERSION = 3
_first_of = Struct("=Q").unpack_from
_MAGIC = b"chaperone roster\n"

Buffer: TypeAlias = "bytes | bytearray | memoryview | array[int]"


class NotAnImage(ValueError):
    """The bytes are no roster image of this version and machine."""


def hash64(text: str) -> int:
    """The hash under which a text is found, the same in every process; never 0."""
    return _first_of(blake2b(text.encode("utf-8", "surrogatepass")).digest())[0] or 1


class TextsBuilder:
    """Gathers texts end to end."""

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
        """The sections that `Texts` reads."""
        return {f"{name}.ends": self._ends, f"{name}.bytes": self._bytes}


class Texts:
    """Texts by number."""

    def __init__(self, image: Image, name: str) -> None:
        self._ends = image.numbers(f"{name}.ends", "I")
        self._bytes = image.raw(f"{name}.bytes")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> str:
        return str(self._bytes[self._ends[at] : self._ends[at + 1]], "utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[at] for at in range(len(self)))


class IndexBuilder:
    """Gathers hashes with a number each, and lays them into a hash table with room to spare."""

    MOST = 32
    """Of more entries with one hash than this, the rest are left out: nobody asks for the fortieth John Smith."""

    def __init__(self) -> None:
        self.hashes = array("Q")
        self._values = array("I")

    def add(self, hash_: int, value: int) -> None:
        """Enter a number under the hash of a text."""
        self.hashes.append(hash_)
        self._values.append(value)

    def laid(self, clash: Callable[[int, int, int], None] | None = None) -> Table:
        """The table; `clash` is told each hash that is there already, its first number, and the one that comes."""
        size = 4
        while 2 * size < 3 * len(self.hashes):
            size *= 2
        keys, values, mask = array("Q", bytes(8 * size)), array("I", bytes(4 * size)), size - 1
        for hash_, value in zip(self.hashes, self._values, strict=True):
            at, same = hash_ & mask, 0
            while key := keys[at]:
                if key == hash_:
                    same += 1
                    if clash is not None and same == 1:
                        clash(hash_, values[at], value)
                at = (at + 1) & mask
            if same < self.MOST:
                keys[at], values[at] = hash_, value
        return Table(keys, values)

    def sections(self, name: str) -> dict[str, Buffer]:
        """The sections that `Index` reads."""
        return self.laid().sections(name)


@dataclass(frozen=True, slots=True)
class Table:
    """A hash table: the hash in each slot, 0 where it is free, and its number. A full slot sends on to the next."""

    keys: array[int]
    values: array[int]

    def replace(self, hash_: int, value: int) -> None:
        """Give the first entry of a hash another number."""
        at = hash_ & (len(self.keys) - 1)
        while self.keys[at] != hash_:
            at = (at + 1) & (len(self.keys) - 1)
        self.values[at] = value

    def sections(self, name: str) -> dict[str, Buffer]:
        """The sections that `Index` reads."""
        return {f"{name}.keys": self.keys, f"{name}.values": self.values}


class Index:
    """Numbers by text, in the order in which they were added."""

    def __init__(self, image: Image, name: str) -> None:
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


def runs(lists: Iterable[Iterable[int]], name: str) -> dict[str, Buffer]:
    """The sections of one list of numbers for each row: where each ends, and all of them in a row."""
    ends, values = array("I", [0]), array("I")
    for each in lists:
        values.extend(each)
        ends.append(len(values))
    return {f"{name}.ends": ends, f"{name}.values": values}


class Runs:
    """One list of numbers for each row."""

    def __init__(self, image: Image, name: str) -> None:
        self._ends = image.numbers(f"{name}.ends", "I")
        self._values = image.numbers(f"{name}.values", "I")

    def __getitem__(self, row: int) -> memoryview[int]:
        return self._values[self._ends[row] : self._ends[row + 1]]


class Image:
    """Sections by name; `facts` are JSON values."""

    def __init__(self, facts: Mapping[str, Any], sections: Mapping[str, Buffer]) -> None:
        self.facts = facts
        self._sections = sections

    @classmethod
    def opened(cls, packed: bytes | mmap) -> Image:
        """The image in one piece of memory, which it goes on using. Raises NotAnImage."""
        memory = memoryview(packed)
        start = len(_MAGIC) + 8
        if packed[: len(_MAGIC)] != _MAGIC or len(packed) < start:
            raise NotAnImage("no roster image")
        end = start + int.from_bytes(memory[len(_MAGIC) : start], "little")
        try:
            head = json.loads(packed[start:end])
        except ValueError:
            raise NotAnImage("a roster image that was cut off") from None
        if (head["version"], head["order"]) != (VERSION, sys.byteorder):
            raise NotAnImage("a roster image of another version")
        sections: dict[str, Buffer] = {}
        for name, size in head["sections"]:
            sections[name] = memory[end : end + size]
            end += size
        if end != len(memory):
            raise NotAnImage("a roster image that was cut off")
        return cls(head["facts"], sections)

    def written(self, file: IO[bytes]) -> None:
        """Write the image in one piece."""
        pieces = [memoryview(section).cast("B") for section in self._sections.values()]
        sizes = [(name, len(piece)) for name, piece in zip(self._sections, pieces, strict=True)]
        head = json.dumps({"version": VERSION, "order": sys.byteorder, "facts": self.facts, "sections": sizes}).encode()
        file.write(_MAGIC + len(head).to_bytes(8, "little") + head)
        for piece in pieces:
            file.write(piece)

    def with_sections(self, sections: Mapping[str, Buffer]) -> Image:
        """The image with further sections."""
        return Image(self.facts, {**self._sections, **sections})

    def numbers(self, name: str, typecode: Literal["I", "Q"]) -> memoryview[int]:
        """A section as numbers."""
        return memoryview(self._sections[name]).cast("B").cast(typecode)

    def raw(self, name: str) -> memoryview[int]:
        """A section as bytes."""
        return memoryview(self._sections[name]).cast("B")
