"""Masks everybody else in what is kept about a person: names, addresses and numbers, in texts and in rows.

Whoever has a part in a message keeps one label through the whole export ("Staff A"). Other names of the roster become
[name], other addresses [address], other numbers [number]. In doubt a word is masked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from gateway.core.messages.parties import Person, Role
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.review.pseudonyms import COMMON_WORDS, account_key, fold, letter_label

NAME, ADDRESS, NUMBER = "[name]", "[address]", "[number]"
_PIECE = re.compile(
    r"[^\s<>\"(),;:@]{1,64}@[^\s<>\"(),;:@]{1,254}\w|(?<![^\W_])\(?\+?\d[\d().\x20\u00a0\u2010-\u2015/-]{5,24}\d(?![^\W_])|[^\W\d_]+"
)
"""An address, a number, or a run of letters."""
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:\D.*)?|\d\d?[/.]\d\d?[/.]\d{2,4}")
_BETWEEN = re.compile(r"(?:[\s\u00a0]+|[\s\u00a0]*[.,'\u2019-][\s\u00a0]*)(?:[^\W\d_]\.?[\s\u00a0]+)?")
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"[0-9a-f]{16,}|[0-9A-Za-z]{26}")
_PLAIN_KEYS = frozenset(
    "v id message_id state action channel kind direction language model policy sha256 hash previous act part number "
    "position at by_staff severity outcome status basis role scope clause clauses reasons failed cue how".split()
)
"""Keys of rows whose values are words of the gateway, ids and times, never names."""
_DIGITS = frozenset({7, 10, 11, 12, 13, 14, 15})
_MIN_NAME = 2


class RecordMask:
    """Masks everybody but one person. `own` are the person's own addresses, in any form."""

    def __init__(
        self, person: Person, own: Collection[str], directory: ConsoleDirectory, accounts: Mapping[str, str]
    ) -> None:  # fmt: skip
        self._directory, self._person = directory, person
        self._accounts = accounts  # names of accounts of the console, with the sourcedIds of their people
        self._own = {account_key(address) for address in own if account_key(address)}
        self._own_names = {name.lower() for name in (person.id, *own)}
        self._own_words = {fold(word) for word in _name_words(person.name)}
        for address in own:
            local, at, _ = address.partition("@")
            if at:
                self._own_words |= {fold(word) for word in _WORD.findall(local)}
        self._labels: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._roster = {word for other in directory if other.id != person.id for word in _masked_words(other)}
        self._roster -= self._own_words
        self.masked = 0

    def add_address(self, address: str, shown: str = "") -> str:
        """The label of the person with an address; the address itself where it is the person's own.

        `shown` is a name beside the address, which is masked from now on.
        """
        if not address or account_key(address) in self._own or address.lower() in self._own_names:
            return address
        if self._directory.members(address) is not None:
            return self._label(address.lower(), "Group")
        known = self._directory.person(address)
        label = self._label(address.lower(), "Person") if known is None else self.add_person(known)
        words = [*_name_words(shown), *_WORD.findall(address.partition("@")[0] if "@" in address else "")]
        self._learn(label, words)
        return label

    def add_person(self, person: Person) -> str:
        """The label of somebody, whose name is masked with it from now on; the name of the person themselves."""
        if person.id == self._person.id:
            return person.name or person.id
        kind = "Staff" if Role.STAFF in person.roles else "Student" if Role.STUDENT in person.roles else "Person"
        label = self._label(person.id, kind)
        self._learn(label, _masked_words(person))
        return label

    def add_id(self, id_: str) -> str:
        """The label of the person with a sourcedId, or with an address that stands for one."""
        if id_.lower() in self._own_names:
            return id_
        person = self._directory.by_id(id_)
        return self.add_address(id_) if person is None else self.add_person(person)

    def _label(self, key: str, kind: str) -> str:
        if key not in self._labels:
            self._labels[key] = f"{kind} {letter_label(self._counts[kind])}"
            self._counts[kind] += 1
        return self._labels[key]

    def _learn(self, label: str, words: Iterable[str]) -> None:
        for word in words:
            key = fold(word)
            if len(key) >= _MIN_NAME and key not in self._own_words:
                self._words.setdefault(key, label)

    def text(self, text: str) -> str:
        """A text without others' names, addresses and numbers."""
        if not text:
            return text
        text = unicodedata.normalize("NFC", text)
        out: list[str] = []
        done, last = 0, ("", -1)  # the label before, and where it ended
        for piece in _PIECE.finditer(text):
            label = self._label_of(piece[0])
            if label is None:
                continue
            between = text[done : piece.start()]
            if last == (label, done) and _BETWEEN.fullmatch(between):
                done = piece.end()  # another part of the same name
            else:
                out += [between, label]
                done = piece.end()
            last = (label, done)
            self.masked += 1
        out.append(text[done:])
        return "".join(out)

    def _label_of(self, piece: str) -> str | None:
        if "@" in piece:
            return None if account_key(piece) in self._own else self._known_address(piece) or ADDRESS
        if piece[-1].isdigit():
            digits = sum(char.isdigit() for char in piece)
            if digits not in _DIGITS or _DATE.fullmatch(piece.strip()) or account_key(piece) in self._own:
                return None
            return NUMBER
        key = fold(piece)
        if len(key) < _MIN_NAME or key in self._own_words or (key in COMMON_WORDS and piece[0].islower()):
            return None
        return self._words.get(key) or (NAME if key in self._roster else None)

    def _known_address(self, address: str) -> str | None:
        known = self._directory.person(address)
        if known is not None:
            return self.add_person(known)
        return self._labels.get(address.lower())

    def value(self, value: object, key: str = "") -> object:
        """A value of a row without others: ids become labels, texts are masked."""
        match value:
            case str():
                return self._string(value, key)
            case Mapping():
                return {self._key(str(name)): self.value(item, str(name)) for name, item in value.items()}
            case list() | tuple():
                return [self.value(item, key) for item in value]
        return value

    def _key(self, name: str) -> str:
        return self.text(name) if "@" in name or name.startswith("+") else name

    def _string(self, text: str, key: str) -> str:
        if text.lower() in self._own_names:
            return text
        if text in self._accounts and self._accounts[text] != self._person.id:
            return (
                self.add_id(self._accounts[text]) if self._accounts[text] else self._label(f"account {text}", "Account")
            )
        if (person := self._directory.by_id(text)) is not None:
            return self.add_person(person)
        if (key in _PLAIN_KEYS and "@" not in text) or _CODE.fullmatch(text) or _is_time(text):
            return text
        return self.text(text)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _name_words(name: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFC", name))


def _masked_words(person: Person) -> Iterable[str]:
    """What is masked of a name: each word, and two words written as one."""
    words = _name_words(person.name)
    yield from (fold(word) for word in words if len(word) >= _MIN_NAME)
    if len(words) > 1:
        yield fold(words[0] + words[-1])
        yield fold(words[-1] + words[0])
