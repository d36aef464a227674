"""The lines of a text that say something which other texts do not: what only some mail programs show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from classifiers.extract.hidden_writing.gibberish import WORD_RUN, without_gibberish, words_among_controls
from gateway.core.mime.charsets.marks import LETTER_SIGNS, without_marks
from gateway.core.mime.charsets.written import is_written

MIN_LETTERS = 12
"""Letters in new words from which a text says something else."""

_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_SOFT_BREAK = re.compile(r"=(?:\r?\n|20|3D|A0| )")
_FOREIGN = re.compile(r"[\x80-\u024f\u02c6\u02dc\u2013-\u203a\u20ac\u2122\ufffd]")
"""Characters that appear when UTF-8 is read as a Western charset."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
_MACHINE = re.compile(r"://|www\.|^mailto:|@|[&?%=][^&?%=]*[&=%]|^(?=.*\d)(?=.*[A-Z])[A-Za-z0-9+/=…_-]{20,}$")
"""A link, an address or encoded data."""
_PLACE = re.compile(r"(?<=://)[\w.-]{4,100}|\bwww\.[\w.-]{4,100}|\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,100}")
_ARMOR = re.compile(r"^-----(?:BEGIN|END) [A-Z ]{1,40}-----", re.MULTILINE)
_WORD, _WORD_OF_SIGNS = re.compile(r"[^\W_]+"), re.compile(rf"[\w{LETTER_SIGNS}]+")
_ONLY_SIGNS = re.compile(f"[{LETTER_SIGNS}]+")
_GIBBERISH = re.compile(
    r"(?=.*\d.*\d)(?=.*[^\W\d_]).{12,}|.{30,}|(?:[0-9A-Fa-f]{2})+\d(?:[0-9A-Fa-f])*|[\x80-\u024f]{1,3}"
)
"""An identifier, encoded data, or bytes in another charset: no word that a person reads."""
_MARKUP = frozenset(
    "align arial bgcolor black blockquote body border br center checkbox checked class color content description div "
    "face font height helvetica href html img input meta name radio sans serif size span src style submit table td "
    "text times title tr type value verdana width".split()
)
"""Words of markup, which are left where it is broken and programs disagree on where a tag ends."""
_RUN = 3
"""Words in a row by which a text is recognized."""
_REORDERED = 8
"""Known words in a row, in a new order, from which they count as new."""
_APART = 8
"""Letters in a row that stand alone, from which they count: those of words that are written letter by letter."""
_MIN_SIGNS = 24
"""Signs from which they may be a code."""
_NOTICE = re.compile(
    r"\bmime\b|multi-?part|mailing list|listinfo|(?:un)?subscri|majordomo|this list|yahoo|scanned|virus|\bspam\b"
    r"|in your reply|advertis|sponsor|disclaimer|if you (?:can )?see this|not support",
    re.IGNORECASE,
)
_MAX_NOTICE = 600


class KnownWords:
    """The words of texts that were read, in their order."""

    def __init__(self) -> None:
        self._runs: set[tuple[str, ...]] = set()
        self._words: set[str] = set()
        self._places: set[str] = set()

    def add(self, text: str) -> None:
        """Count a text as read, as far as it is not blanked because nobody can read it."""
        if _UNPRINTABLE.search(text):
            text = without_gibberish(text).text
        text = without_marks(text)
        variants = [unescape(text)]
        if _SOFT_BREAK.search(text):  # quoted-printable that is not declared: a person reads the words all the same
            variants.append(_SOFT_BREAK.sub(_plain, text))
            text = variants[-1]
        if "<" in text and _TAG.search(text):
            variants += [unescape(_TAG.sub(" ", text)), unescape(_TAG.sub("", text))]
        self._places.update(_places(variants[0]))
        for variant in variants:
            words = _words(variant)
            self._words.update(words)
            self._runs.update(_runs(words))

    def new_lines(self, text: str, is_markup: bool = False) -> tuple[str, int]:
        """The lines of a text that have words which the known texts lack, and the number of letters in those words.

        A word is known if it occurs in a known text between the same words. Identifiers, links and encoded data do not
        count, nor does a known word between other words, unless there are several in a row. In markup (`is_markup`),
        which rearranges the words of its source, there always are.
        """
        text = unescape(text).replace("\0", "")  # letters of UTF-16 among others
        lines = [line if not _is_noise(without_marks(line)) else _words_in_noise(line) for line in text.split("\n")]
        words: list[str] = []
        counts = []
        for line in lines:
            found = _words(without_marks(line))
            words += found
            counts.append(len(found))
        known = self._known_positions(words)
        telling = self._telling_positions(words, known, len(words) + 1 if is_markup else _REORDERED)
        out, at, letters = [], 0, 0
        for line, count in zip(lines, counts, strict=True):
            here = range(at, at + count)
            at += count
            new = (position for position in here if (position in telling if is_markup else position not in known))
            if any(not _GIBBERISH.fullmatch(words[position]) for position in new) or self._has_new_link(line):
                out.append(line)
            letters += sum(len(words[position]) for position in here if position in telling)
        return "\n".join(out), letters

    def _has_new_link(self, line: str) -> bool:
        return not self._places.issuperset(_places(line))

    def _telling_positions(self, words: list[str], known: set[int], reordered: int) -> set[int]:
        """The positions of words that count: new ones, and known ones in a new order."""
        telling: set[int] = set()
        run: list[int] = []
        alone: list[int] = []
        for at, word in enumerate(words):
            alone = [*alone[1 - _APART :], at] if len(word) == 1 and not word.isdecimal() and at not in known else []
            if len(alone) == _APART:
                telling.update(alone)
            if at in known or word in _MARKUP or _GIBBERISH.fullmatch(word):
                run = []
                continue
            run.append(at)
            if word not in self._words and len(word) > 1 and (word.isalpha() or _ONLY_SIGNS.fullmatch(word)):
                telling.add(at)
            if len(run) == reordered:
                telling.update(run)
            elif len(run) > reordered:
                telling.add(at)
        return telling

    def _known_positions(self, words: list[str]) -> set[int]:
        if len(words) < _RUN:
            return {at for at, word in enumerate(words) if word in self._words}
        known: set[int] = set()
        for at, run in enumerate(_runs(words)):
            if run in self._runs:
                known.update(range(at, at + _RUN))
        return known


def lines_without_words(texts: Iterable[str], shown: Iterable[str]) -> str:
    """The lines of other texts without a word, which no shown text has: they may be a code, or data."""
    lines = dict.fromkeys(line.strip() for text in texts for line in text.split("\n") if _has_no_word(line))
    lines.pop("", None)
    known = (
        {line.strip() for text in shown for line in text.split("\n")} if sum(map(len, lines)) >= _MIN_SIGNS else set()
    )
    signs = "\n".join(line for line in lines if line not in known)
    return signs if len(signs) >= _MIN_SIGNS and len(set(signs)) > 1 else ""


def _has_no_word(line: str) -> bool:
    """Whether a line has no letter, or only links, identifiers and encoded data."""
    if not any(map(str.isalpha, line)):
        return True
    return all(map(_GIBBERISH.fullmatch, _words(without_marks(unescape(line)))))


def _plain(found: re.Match[str]) -> str:
    return {"=20": " ", "=A0": " ", "=3D": "="}.get(found[0], "")


def _is_noise(line: str) -> bool:
    """Whether a line is misread bytes: control characters, or characters of misread UTF-8 among few letters."""
    foreign = len(_FOREIGN.findall(line))
    return len(_UNPRINTABLE.findall(line)) * 16 > len(line) or (foreign * 10 > 3 * len(line) and not is_written(line))


def _words_in_noise(line: str) -> str:
    """The words that stand in a line of misread bytes, or between its control characters."""
    words = words_among_controls(line)
    lines = words.splitlines() if WORD_RUN.search(words) else []
    return " ".join(dict.fromkeys((*WORD_RUN.findall(line), *map(str.strip, lines))))


def is_notice(text: str) -> bool:
    """Whether a text is what lists, scanners and mail programs add to messages, and nothing longer."""
    return len(text) <= _MAX_NOTICE and _NOTICE.search(text) is not None


def _places(text: str) -> list[str]:
    """The hosts of links, and addresses."""
    return [place.lower() for place in _PLACE.findall(text)] if "://" in text or "@" in text or "www." in text else []


def _words(text: str) -> list[str]:
    tokens = (token for token in _ARMOR.sub("", text).split() if not _MACHINE.search(token))
    plain = " ".join(tokens).lower()
    return _WORD.findall(plain) if plain.isascii() else _WORD_OF_SIGNS.findall(plain.replace("_", " "))


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(words, words[1:], words[2:], strict=False) if len(words) >= _RUN else ()
