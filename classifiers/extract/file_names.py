"""What the names of files say: one of them by itself, and many of them together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from classifiers.extract.readers.records import say_together
from classifiers.extract.readers.words_in_values import has_words

_MIN_FOLDERS = 3
"""Folders around a file whose names are read with its own."""
_MAX_NAME = 70
"""Characters of a file name from which it is read as a sentence."""
_SUFFIX, _NAME_WORD = re.compile(r"(?<=[^\s.])\.[A-Za-z0-9]{1,10}$"), re.compile(r"[^\W\d_]{2,}")
_GENERIC_NAME_WORDS = frozenset(
    "image img photo picture screenshot screen shot scan doc document file attachment untitled copy outlook logo "
    "noname smime winmail invite calendar signature foto imagen documento word media text txt pdf docx version".split()
)
_ORDER, _SHORT_SUFFIX = re.compile(r"\A\d{1,4}[\W_]{0,3}"), re.compile(r"(?<=.)\.[A-Za-z0-9]{1,5}\Z")
"""The number that orders a name among others, and its type. Of names that are words, a longer end may be one too."""
_MIN_PIECES, _MAX_PIECE = 16, 2
"""Names that may be pieces of words, and their letters on average."""


def filename_words(filename: str, *, all_folders: bool = False) -> str:
    """The words of a file name; "" if it is a generic one such as `image001.png`."""
    *folders, name = filename.split("/")
    if not all_folders and len(folders) < _MIN_FOLDERS:
        folders = [folder for folder in folders if has_words(folder)]
    stem = " ".join((*folders, name))
    if len(stem) > _MAX_NAME:
        return stem
    words = _NAME_WORD.findall(_SUFFIX.sub("", stem) or stem)
    return " ".join(words) if any(word.lower() not in _GENERIC_NAME_WORDS for word in words) else ""


def words_of_names(names: Sequence[str]) -> list[str]:
    """What the names of files say together, a word or a piece of one each, without the numbers that order them."""
    stems = [_ORDER.sub("", _SHORT_SUFFIX.sub("", name.rstrip("/").rpartition("/")[2])) or " " for name in names]
    if len(stems) >= _MIN_PIECES and sum(map(len, stems)) <= _MAX_PIECE * len(stems) and any(map(str.isalpha, stems)):
        return ["".join(stems)]
    return say_together([stems])
