"""The regular expressions of the product, and texts that make each of them work as hard as it can."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import classifiers
import gateway

_ANCHORED = frozenset(("match", "fullmatch"))
_METHODS = _ANCHORED | {"search", "finditer", "findall", "sub", "subn", "split"}
_MAX_PUMPS = 60
_NOT_READERS = (".migrations.", ".__main__", "classifiers.training")
"""Modules that cannot be imported by themselves and read no messages."""
_SAMPLES = {code.CATEGORY_DIGIT: "7", code.CATEGORY_SPACE: " ", code.CATEGORY_WORD: "a"}
_NEGATED = {code.CATEGORY_NOT_DIGIT: "a", code.CATEGORY_NOT_SPACE: "a", code.CATEGORY_NOT_WORD: "-"}
_CANDIDATES = "a \n.-:;,=<>\"'(/@_0[{A\t&#%"
_OF_LINES = f"{_CANDIDATES}\r|\\*+~!?$"
"""Signs of texts whose lines are one sign, a dozen times."""


@dataclass
class ProductPattern:
    """A regular expression, where it is, and the methods that are called on it (none: unknown)."""

    name: str
    pattern: re.Pattern[Any]
    methods: set[str] = field(default_factory=set)

    @property
    def is_anchored(self) -> bool:
        """Whether it is tried at one place of a text only."""
        return bool(self.methods) and self.methods <= _ANCHORED


def product_patterns() -> list[ProductPattern]:
    """Every compiled pattern in the modules of the product, and every pattern written where it is used."""
    found: dict[int, ProductPattern] = {}
    for package in (gateway, classifiers):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if any(name in info.name for name in _NOT_READERS):
                continue
            module = importlib.import_module(info.name)
            for name, pattern in _in_module(module):
                found.setdefault(id(pattern), ProductPattern(f"{info.name}.{name}", pattern))
    patterns = list(found.values())
    for package in (gateway, classifiers):
        folder = Path(package.__path__[0])
        for file in folder.rglob("*.py"):
            module = ".".join(file.relative_to(folder.parent).with_suffix("").parts)
            own = {item.name.rpartition(".")[2]: item for item in patterns if item.name.rpartition(".")[0] == module}
            shared = {item.name.rpartition(".")[2]: item for item in patterns if "._" not in item.name}
            patterns += _uses(file, shared | own)
    return patterns


def _in_module(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    for name, value in vars(module).items():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        for item in values:
            for piece in item if isinstance(item, tuple) else [item]:
                if isinstance(piece, re.Pattern):
                    yield name, piece


def _uses(file: Path, by_name: dict[str, ProductPattern]) -> Iterator[ProductPattern]:
    """Note the methods that are called on named patterns, and give the patterns that are written in calls."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in _METHODS
            and isinstance(node.value, ast.Name | ast.Attribute)
        ):
            name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if name in by_name:
                by_name[name].methods.add(node.attr)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            owner, first = node.func.value, node.args[0] if node.args else None
            if isinstance(owner, ast.Name) and owner.id == "re" and isinstance(first, ast.Constant):
                yield ProductPattern(f"{file.name}:{node.lineno}", re.compile(first.value), {node.func.attr})


def hard_texts(pattern: re.Pattern[Any], size: int) -> Iterator[Any]:
    """Texts of about a size: each repeated piece of a pattern many times, behind what comes before it, and lines."""
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    flags = pattern.flags & ~re.UNICODE if is_bytes else pattern.flags
    tree = parser.parse(source, flags)
    pumps = list(dict.fromkeys(_pumps(tree, "")))[:_MAX_PUMPS]
    pumps += [("", f"{sign * 12}\n") for sign in _OF_LINES]
    for before, pump in [("", _sample(tree)), *pumps]:
        if pump:
            text = before + pump * (size // len(pump)) + "\x01"
            yield text.encode("latin-1", "replace") if is_bytes else text


def _pumps(tree: Iterable[Any], before: str) -> Iterator[tuple[str, str]]:
    """Every repeated piece, with a sample of what stands before it; and the two together, repeated."""
    for operation, argument in tree:
        if operation in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
            _, most, inner = argument
            sample = _sample(inner)
            if most > 1 and sample:
                yield before, sample
                yield "", before + sample
                yield "", before or sample
                if len(sample) == 1:
                    yield "", sample * 3 + before
            yield from _pumps(inner, before)
        elif operation is code.SUBPATTERN:
            yield from _pumps(argument[3], before)
        elif operation is code.ATOMIC_GROUP:
            yield from _pumps(argument, before)
        elif operation is code.BRANCH:
            for branch in argument[1]:
                yield from _pumps(branch, before)
        elif operation in (code.ASSERT, code.ASSERT_NOT):
            yield from _pumps(argument[1], before)
        before += _sample([(operation, argument)])
    if before:
        yield "", before
        yield "", before[:-1] or before


def _sample(tree: Iterable[Any]) -> str:
    """A short text that the tree matches, roughly."""
    out = ""
    for operation, argument in tree:
        if operation is code.LITERAL:
            out += chr(argument)
        elif operation is code.NOT_LITERAL:
            out += next(sign for sign in _CANDIDATES if ord(sign) != argument)
        elif operation is code.ANY:
            out += "a"
        elif operation is code.IN:
            out += _sample_of_set(argument)
        elif operation in (code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT):
            out += _sample(argument[2]) * max(1, min(argument[0], 40)) if argument[1] else ""
        elif operation is code.SUBPATTERN:
            out += _sample(argument[3])
        elif operation is code.ATOMIC_GROUP:
            out += _sample(argument)
        elif operation is code.BRANCH:
            out += _sample(argument[1][0])
    return out


def _sample_of_set(items: list[Any]) -> str:
    if items[0][0] is code.NEGATE:
        for sign in _CANDIDATES:
            if not any(_is_in(sign, item) for item in items[1:]):
                return sign
        return "~"
    operation, argument = items[0]
    if operation is code.LITERAL:
        return chr(argument)
    if operation is code.RANGE:
        return chr(argument[0])
    return _SAMPLES.get(argument) or _NEGATED.get(argument, "a")


def _is_in(sign: str, item: Any) -> bool:
    operation, argument = item
    if operation is code.LITERAL:
        return ord(sign) == argument
    if operation is code.RANGE:
        return bool(argument[0] <= ord(sign) <= argument[1])
    kinds = {
        code.CATEGORY_DIGIT: sign.isdigit(), code.CATEGORY_SPACE: sign.isspace(),
        code.CATEGORY_WORD: sign.isalnum() or sign == "_", code.CATEGORY_NOT_DIGIT: not sign.isdigit(),
        code.CATEGORY_NOT_SPACE: not sign.isspace(), code.CATEGORY_NOT_WORD: not (sign.isalnum() or sign == "_"),
    }  # fmt: skip
    return kinds.get(argument, False)
