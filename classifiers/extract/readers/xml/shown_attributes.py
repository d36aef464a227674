"""Attributes of XML files that programs show, or that hold words for people."""

from __future__ import annotations

from classifiers.extract.readers.words_in_values import has_words, is_address_to_somebody

_TEXT_ATTRIBUTES = frozenset(
    "num-list-format bullet-char descr title alt string displayText prompt promptTitle error errorTitle tooltip "
    "display caption string-value "
    "label hint help helpText statusText default placeholder text formatCode num-prefix num-suffix author "
    "displayName description formula UnicodeString current-value".split()
)
"""Attributes that programs show, whatever their value."""
_NAMED_ELEMENTS = frozenset(
    "sheet table definedName tableColumn page listEntry listItem alias tag lvlText section label".split()
)
"""Elements whose `name` or `val` programs show."""
_SKIPPED_ATTRIBUTES = frozenset(
    "style typeface path points d class coordsize adj fill stroke font-family font-name font-name-asian "
    "font-name-complex style-name parent-style-name ascii hAnsi cs eastAsia panose viewBox transform enhanced-path "
    "schemaLocation Requires Ignorable".split()
)
_STANDARD = ("schemas.openxmlformats.org", "schemas.microsoft.com", "www.w3.org/", "purl.org", "docs.oasis-open.org")
_LINKS = ("http://", "https://", "mailto:", "tel:", "sms:")


def is_shown(element: str, key: str, value: str, *, any_words: bool) -> bool:
    """Whether programs show an attribute. `any_words`: whether any with words counts, or only one that speaks to us."""
    local = key.rpartition(":")[2]
    if local in _SKIPPED_ATTRIBUTES or key.startswith("xmlns"):
        return False
    if local == "formatCode" or (element in _NAMED_ELEMENTS and local in ("name", "val", "displayText", "value")):
        return True
    if local in _TEXT_ATTRIBUTES or (has_words(value) if any_words else is_address_to_somebody(value)):
        return True
    if value.count("_") > 3 and has_words(value.replace("_", " ")):  # names that allow no blanks
        return True
    return value.startswith(_LINKS) and not any(standard in value for standard in _STANDARD)
