"""What a field of Word shows when its program updates it: from its code, and from what the document calls by names."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from classifiers.extract.readers.xml.values import symbol_of

UNKNOWN = "\0"
"""Stands in a code for the value of an inner field that is only known to the program."""
_ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*+)"?|[\u201c\u201d]([^\u201c\u201d"]*+)[\u201c\u201d]?|\S+', re.DOTALL)
_ESCAPED = re.compile(r"\\([\\\"])")
_EQUATION_CODE = re.compile(r"\\[A-Za-z]{1,3}\d{0,4}\s?|[()]")
_CHARACTER_CODE = re.compile(r"0x[0-9A-Fa-f]{1,6}|\d{1,7}", re.IGNORECASE)
_LITERALS, _DIGITS = re.compile(r"'([^']*+)'?"), re.compile(r"[#0.,;]+")
_DRAWN = frozenset("EQ SYMBOL MACROBUTTON GOTOBUTTON".split())
"""Fields that are drawn from the code whenever the document is shown."""
_WITH_ARGUMENT = frozenset("*@#bfdst")
"""Letters of switches that have an argument."""
_PROPERTIES = frozenset("TITLE SUBJECT AUTHOR KEYWORDS COMMENTS".split())
_OF_USER = frozenset("USERNAME USERINITIALS USERADDRESS".split())
_BY_NAME = frozenset("DOCPROPERTY DOCVARIABLE AUTOTEXT GLOSSARY REF".split())
_WITH_PICTURE = frozenset("= DATE TIME CREATEDATE SAVEDATE PRINTDATE EDITTIME PAGE NUMPAGES SEQ SECTION".split())
"""Fields with a number or date, whose picture says which words stand around it."""
_NUMBER_SWITCHES = frozenset(("\\n", "\\r", "\\w", "\\p"))
"""Of a reference: it shows a number or a place, not the text."""
_MAX_CODE, MAX_VALUE = 20_000, 2_000
"""Characters of a code that is evaluated, and of a value with a name."""
Names = MutableMapping[str, str]


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What a field shows. `is_drawn`: whatever result is stored. `name`: the name of what it shows, if it has one.

    `is_partial`: what only the program knows stands among the text. `is_default`: any stored result is shown instead.
    """

    text: str = ""
    is_drawn: bool = False
    name: str = ""
    is_partial: bool = False
    is_default: bool = False


NOTHING = FieldValue()


def field_value(code: str, names: Names) -> FieldValue:
    """What a field shows. A field that gives a name to a text adds it to `names`."""
    kind, _, rest = code[:_MAX_CODE].strip().partition(" ")
    kind = kind.upper()
    if kind in _DRAWN:
        return FieldValue(_drawn(kind, rest.strip()), True)
    arguments, switches = _arguments(rest)
    first = arguments[0] if arguments else ""
    last = arguments[-1] if len(arguments) > 1 else ""
    match kind:
        case "QUOTE":
            is_coded = bool(arguments) and all(map(_CHARACTER_CODE.fullmatch, arguments))
            return FieldValue("".join(map(_character, arguments)) if is_coded else " ".join(arguments), is_coded)
        case "IF":
            return FieldValue(_branch(arguments))
        case "SET" | "ASK":
            names[first.lower()] = (last if kind == "SET" else switches.get("\\d", ""))[:MAX_VALUE]
        case "FILLIN":
            return FieldValue(switches.get("\\d", ""))
        case "AUTOTEXTLIST":
            return FieldValue(first)
        case "INFO":
            return FieldValue(last) if last else _named(first, names)
        case "MERGEFIELD":
            shown = f"\u00ab{first}\u00bb" * bool(first)
            return FieldValue("".join((switches.get("\\b", ""), shown, switches.get("\\f", ""))))
        case _ if kind in _PROPERTIES:
            return FieldValue(first) if first else _named(kind, names)
        case _ if kind in _OF_USER:
            return FieldValue(first)
        case _ if kind in _BY_NAME:
            return NOTHING if kind == "REF" and not _NUMBER_SWITCHES.isdisjoint(switches) else _named(first, names)
        case _ if kind in _WITH_PICTURE:
            words = _words_of_picture(switches.get("\\#", ""), switches.get("\\@", ""))
            return FieldValue(words, is_partial=True)
        case _ if kind.lower() in names:
            return _named(kind, names)
        case _:
            pass
    return NOTHING


def form_value(form: Sequence[tuple[str, str]]) -> FieldValue:
    """What a field of a form shows: the choice with the number that is its result, or its default text."""
    choices = [value for kind, value in form if kind == "listEntry"]
    given = {kind: value for kind, value in form if kind != "listEntry"}
    shown = given.get("result") or given.get("default") or "0"
    if not choices:
        return FieldValue(given.get("default", ""), is_default=True)
    number = int(shown[:6]) if shown[:6].isdecimal() else 0
    return FieldValue(choices[number] if number < len(choices) else "", is_drawn=True)


def is_silent(code: str) -> bool:
    """Whether a field shows nothing: it gives a name to a text, or marks a place."""
    return code.strip().partition(" ")[0].upper() in ("SET", "ASK", "XE", "TC", "TA", "RD")


def _named(name: str, names: Names) -> FieldValue:
    return FieldValue(names.get(name.lower(), ""), name=name.lower())


def _drawn(kind: str, rest: str) -> str:
    if kind == "EQ":
        return _EQUATION_CODE.sub("", rest).strip()
    if kind == "SYMBOL":
        code = _CHARACTER_CODE.match(rest)
        return _character(code[0]) if code else ""
    return rest.partition(" ")[2].strip()  # a button: the macro or place, then what it shows


def _character(code: str) -> str:
    return symbol_of(code[2:] if code[:2] in ("0x", "0X") else f"{int(code):x}")


def _arguments(rest: str) -> tuple[list[str], dict[str, str]]:
    """The arguments of a code, and its switches with theirs."""
    arguments: list[str] = []
    switches: dict[str, str] = {}
    switch = ""
    for found in _ARGUMENT.finditer(rest):
        text = found[0] if found[1] is None and found[2] is None else found[1] or found[2] or ""
        if found[1] is None and found[2] is None and text[0] == "\\" and len(text) == 2:
            switch = text.lower() if text[1] in _WITH_ARGUMENT else ""
            switches.setdefault(text.lower(), "")
        elif switch:
            switches[switch], switch = _unescaped(text), ""
        else:
            arguments.append(_unescaped(text))
    return arguments, switches


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _branch(arguments: Sequence[str]) -> str:
    """What a condition shows. Where the values are not known, it is the longer text."""
    if len(arguments) < 4:
        return ""
    left, sign, right, *texts = (*arguments, "")
    holds = _holds(left, sign, right)
    if holds is None:
        return max(texts[:2], key=len)
    return texts[0] if holds else texts[1]


def _holds(left: str, sign: str, right: str) -> bool | None:
    """Whether a comparison is true; None if that is not known."""
    if UNKNOWN in left or UNKNOWN in right or "*" in right or "?" in right:
        return None
    one: str | float = left.lower()
    other: str | float = right.lower()
    with suppress(ValueError):
        one, other = float(left), float(right)
    match sign:
        case "=":
            return one == other
        case "<>":
            return one != other
        case "<" | ">" | "<=" | ">=" if isinstance(one, float) and isinstance(other, float):
            return (one < other if "<" in sign else one > other) or ("=" in sign and one == other)
        case _:
            return None


def _words_of_picture(number: str, date: str) -> str:
    """The words that the picture of a number or date puts around it."""
    words = "".join(_LITERALS.findall(number or date)) or _DIGITS.sub("", number)
    return words if any(map(str.isalpha, words)) else ""
