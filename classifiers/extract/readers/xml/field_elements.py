"""Elements that are a field with its result inside: of Word, and the fields of OpenDocument as codes of Word."""

from __future__ import annotations

import re
from collections.abc import Mapping

from classifiers.extract.readers.office.field_values import UNKNOWN

_PREFIX = re.compile(r"/[\w.-]{1,40}:")
_FORMULA_TEXT = re.compile(r"\"([^\"]*+)\"")
_DECLARED = frozenset("variable-set user-field-decl variable-input user-field-input".split())
_REFERRED = frozenset("variable-get user-field-get bookmark-ref reference-ref user-defined".split())
FIELD_ELEMENTS = (
    _DECLARED | _REFERRED | frozenset("fldSimple conditional-text hidden-text expression sdtContent".split())
)
"""Elements that are a field."""
FORM_ELEMENTS = frozenset("default result listEntry".split())
"""What a field of a form shows, by its text or its number, and its choices."""
BOOKMARKS = frozenset("bookmarkStart bookmark-start bookmark reference-mark reference-mark-start".split())
BOOKMARK_ENDS = frozenset("bookmarkEnd bookmark-end reference-mark-end".split())
"""Where a text that has a name begins, and where it ends."""


def codes_of(name: str, attributes: Mapping[str, str], binding: str = "") -> tuple[str, ...]:
    """The codes of an element of `FIELD_ELEMENTS`; the last one is that of its result. Attributes by local names.

    `binding`: the place of the data that a control around it shows.
    """
    if name == "sdtContent":
        return (f"REF {_quoted(path_of(binding))}",) if binding else ()
    given = attributes.get("string-value", "") or "".join(_FORMULA_TEXT.findall(attributes.get("formula", "")))
    shown = f"QUOTE {_quoted(given)}" if given else ""
    if name == "fldSimple":
        return (attributes.get("instr", ""),)
    if name in _DECLARED:
        is_shown = name != "user-field-decl" and attributes.get("display") != "none"
        return f"SET {_quoted(attributes.get('name', ''))} {_quoted(given)}" * bool(given), shown * is_shown
    if name in _REFERRED:
        return (f"REF {_quoted(attributes.get('name', '') or attributes.get('ref-name', ''))}",)
    if name == "conditional-text":
        texts = (attributes.get(f"string-value-if-{value}", "") for value in ("true", "false"))
        return (f'IF "{UNKNOWN}" = "" {" ".join(map(_quoted, texts))}',)
    return (shown,)


def path_of(place: str) -> str:
    """A place in XML by the names and numbers of its elements, as names of fields have it: without prefixes."""
    return _PREFIX.sub("/", place.strip()).replace("[1]", "").replace("/*", "").lower()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
