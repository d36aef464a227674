"""Word boundaries: joins letters that are spaced apart, and splits words that run together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

from classifiers.normalize.word_pairs import evidence

_SPACED_LETTERS = re.compile(  # letters with the same separator between all of them
    r"(?<![A-Za-z0-9@$])[A-Za-z0-9@$!]([ .\-_*~|/,+\n]{1,3})(?:[A-Za-z0-9@$!]\1){2,60}[A-Za-z0-9@$](?![A-Za-z0-9@$])"
)
_WIDELY_SPACED_LETTERS = re.compile(  # the same, with wider gaps or another separator between words
    r"(?<![A-Za-z0-9@$])[A-Za-z0-9@$!](?:[ .\-_*~|/,+'\n\r\t>]{1,6}[A-Za-z0-9@$!](?![A-Za-z0-9@$])){3,300}"
)
_GAP = re.compile(r"[ .\-_*~|/,+'\n\r\t>]+")
_MIN_LONG_RUN = 12
"""Spaced letters that are split into words without gaps between the words."""
LEET = str.maketrans("01345789@$!|+(€#¡¤", "oieastbgasiltcehis")
LEET_L = str.maketrans("01345789@$!|+(€#¡¤", "oleastbgaslltcehis")
SMALL_WORDS = frozenset(
    "i a u y me my we us he it is at in on to do go so no up if or be by of an am ok tu te mi si lo la el "
    "yo de en un al ya es va se le da su ni ha as us ms mr".split()
)
MIN_RUN = 10
"""Letters from which an unknown word may be several words."""
_RUN = re.compile(rf"(?<![^\W\d_])[A-Za-zÁÉÍÓÚÜÑáéíóúüñ]{{{MIN_RUN},400}}(?![^\W\d_])")
"""A run of letters that is split if it is no known word."""
_MIN_WORDS, _MIN_MEAN_LENGTH = 3, 2.6
"""A run must split into at least this many words of at least this mean length. Names and compounds have fewer."""
_COMMON_WORDS = frozenset(
    "you your youre yourself dont tell love with nadie contigo conmigo usted nuestro nuestra verme verte digas quiero "
    "quieres tengo tienes estoy estás estas ayuda ayúdame ayudame".split()
)
"""One of these must be among them, unless they follow each other as in a sentence: long words can split by chance."""
_MIN_WORDS_OF_SENTENCE, _EVIDENCE_OF_SENTENCE = 4, 8.0
_SHORT_COMMON_WORDS = frozenset("me my us tu te ti eres".split())
_PADDING = re.compile(r"([a-z])\1{0,12}\Z")
_MIN_PADDED = 24
"""Letters of a run that may have others at its end, the same one again and again: they fill a square of letters."""
_MAX_STRAY = 3
"""Other letters before and after such a run: those of a greeting and a name above and below an acrostic."""
_MIN_RUN_FOR_SHORT_WORDS = 14
"""A run of at least this many letters may have one of the short words instead."""
_ACCENTS = str.maketrans("áéíóúüñ", "aeiouun")
_PRONOUNS = ("me", "te", "se", "lo", "la", "le")
_MIN_VERB = 6
"""Letters of a Spanish verb and the pronoun at its end."""
_MIN_JOINED, _MAX_SYLLABLE = 4, 3
"""Letters of a word in pieces, and of each piece."""
_COMMON_WORD_BONUS = 5
"""The score of a common word, beside the square of its length."""


def without_marks(word: str) -> str:
    """A word without combining marks."""
    return word if word.isascii() else "".join(unicodedata.normalize("NFD", char)[0] for char in word)


class WordSegmenter:
    """Joins letters and splits runs of words, using `known` words in lower case."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._without_accents = frozenset(word.translate(_ACCENTS) for word in known if not word.isascii())

    def is_word(self, word: str) -> bool:
        """Whether this is a known or a small word."""
        return word in self._known or word in SMALL_WORDS

    def _score(self, word: str) -> int:
        """How well a part of a run counts as a word, with or without accents; 0 if it is none."""
        size = len(word)
        if size <= 2:
            return size * size if word in SMALL_WORDS else 0
        plain = word if word.isascii() else word.translate(_ACCENTS)
        if word in self._known or plain in self._known or plain in self._without_accents:
            return size * size
        if size >= _MIN_VERB and plain.endswith(_PRONOUNS) and plain[:-2] in self._known:
            return (size - 2) ** 2 + 3  # a Spanish verb with its pronoun; a word and a pronoun apart count more
        return 0

    def join_syllables(self, word: str) -> str:
        """A word in short pieces with hyphens; "" if it is none, or if each piece is a word."""
        pieces = word.split("-") if "-" in word else ()
        joined = "".join(pieces)
        if len(joined) < _MIN_JOINED or joined not in self._known or max(map(len, pieces)) > _MAX_SYLLABLE:
            return ""
        return "" if all(map(self.is_word, pieces)) else joined

    def without_odd_marks(self, word: str) -> str:
        """A word without marks that its language does not put there; "" if there are none."""
        if word.isascii() or word in self._known:
            return ""
        plain = without_marks(word)
        return plain if plain != word and (plain in self._known or plain in self._without_accents) else ""

    def split_run_together(self, token: str) -> str:
        """A token whose runs of letters are split if they are several words."""
        return _RUN.sub(lambda found: self._split_word(found.group().lower()) or found.group(), token)

    def _split_word(self, word: str) -> str:
        """The words that an unknown word consists of, or ""."""
        if word in self._known:
            return ""
        words = self.segment(word).split() or self._segment_padded(word)
        common = _COMMON_WORDS if len(word) < _MIN_RUN_FOR_SHORT_WORDS else _COMMON_WORDS | _SHORT_COMMON_WORDS
        if len(words) < _MIN_WORDS or len(word) < _MIN_MEAN_LENGTH * len(words):
            return ""
        is_sentence = len(words) >= _MIN_WORDS_OF_SENTENCE and evidence(words) >= _EVIDENCE_OF_SENTENCE
        return " ".join(words) if is_sentence or not common.isdisjoint(words) else ""

    def _segment_padded(self, word: str) -> list[str]:
        """The words of a long run without the letters at its ends that are none, and those by themselves."""
        if len(word) < _MIN_PADDED:
            return []
        best = self._best_words(word, _MAX_STRAY)
        padding = _PADDING.search(word)
        ends = {len(word) - stray for stray in range(_MAX_STRAY + 1)} | ({padding.start()} if padding else set())
        (_, words), end = max((best[end] or (0, ""), end) for end in ends)
        first = end - len(words.replace(" ", ""))
        return [*filter(None, (word[:first], *words.split(), word[end:]))] if _has_long_word(words) else []

    def join_spaced(self, text: str) -> Iterable[tuple[int, int, str]]:
        """Spaced letters: (start, end, the joined words)."""
        taken, near = 0, False
        for found in _WIDELY_SPACED_LETTERS.finditer(text):
            near = True
            by_gaps = self._join_by_gaps(found.group().lower())
            for start, end, written in by_gaps:
                taken = found.end()
                yield found.start() + start, found.start() + end, written
            if not by_gaps and (written := self._join_long_run(found.group())):
                taken = found.end()
                yield found.start(), found.end(), written
        for found in _SPACED_LETTERS.finditer(text, taken) if near else ():
            letters = _GAP.sub("", found.group()).lower()
            for table in (LEET, LEET_L):
                words = self.segment(letters.translate(table))
                if words:
                    yield found.start(), found.end(), words
                    break

    def _join_long_run(self, run: str) -> str:
        """Many spaced letters split into words; "" if they are no words."""
        letters = _GAP.sub("", run).lower()
        if len(letters) < _MIN_LONG_RUN or sum(map(str.isalpha, letters)) * 2 < len(letters):
            return ""
        for table in (LEET, LEET_L):
            words = self.segment(letters.translate(table))
            if words and len(letters) >= _MIN_MEAN_LENGTH * len(words.split()):
                return words
        return ""

    def _join_by_gaps(self, run: str) -> list[tuple[int, int, str]]:
        """Letters joined to words at the wider gaps; empty if the results are no words."""
        gaps = [found.span() for found in _GAP.finditer(run)]
        signs = [run[start:end] for start, end in gaps]
        usual = min(dict.fromkeys(signs), key=lambda sign: (len(sign), -signs.count(sign)))
        wide = [gap for gap, sign in zip(gaps, signs, strict=True) if sign != usual]
        if not wide:
            return []
        bounds = list(zip([0, *(end for _, end in wide)], [*(start for start, _ in wide), len(run)], strict=True))
        for table in (LEET, LEET_L):
            words = [_GAP.sub("", run[start:end]).translate(table) for start, end in bounds]
            if max(map(len, words)) > 2 and all(map(self.is_word, words)):
                written = [(*place, word) for place, word in zip(bounds, words, strict=True) if len(word) > 1]
                return sorted(written + [(*gap, " ") for gap in wide])
        return []

    def segment(self, letters: str) -> str:
        """The letters split into known words, long words preferred; "" if no word has four letters."""
        whole = self._best_words(letters, 0)[-1]
        return whole[1] if whole is not None and _has_long_word(whole[1]) else ""

    def _best_words(self, letters: str, stray: int) -> list[tuple[int, str] | None]:
        """For each place, the best words that the letters before it consist of, but for some `stray` ones at first."""
        best: list[tuple[int, str] | None] = [(0, "")] * (stray + 1) + [None] * (len(letters) - stray)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - 14), end):
                word, before = letters[start:end], best[start]
                if before is None or not (size := self._score(word)):
                    continue
                score = before[0] + size + _COMMON_WORD_BONUS * (word in _COMMON_WORDS or word in _SHORT_COMMON_WORDS)
                current = best[end]
                if current is None or score > current[0]:
                    best[end] = (score, f"{before[1]} {word}".strip())
        return best


def _has_long_word(words: str) -> bool:
    return max(map(len, words.split()), default=0) >= 4
