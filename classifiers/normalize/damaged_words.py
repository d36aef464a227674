"""Words that a person reads although they are damaged, in a text that has many of them.

Digits and signs for letters, letters that are left out or masked, letters in another order, blanks at the wrong places.
A text is only changed if most of what it says is words afterwards, and common ones among them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import product

from gateway.core.cached_value import cached_value

Change = tuple[int, int, str]
"""The range of a text, and what it means."""

_TOKEN = re.compile(r"[^\s,;:?\"]+")
_EDGES = ".,;:!?)(\"'[]{}<>"
_MAX_CHARACTERS, _SAMPLE = 4_000, 400
"""Characters of a text whose words are repaired, and those at its beginning that say whether it needs to be."""
_MIN_DAMAGED, _MIN_DAMAGED_SHARE = 3, 0.25
"""Words of the beginning that are unknown, from which they may be damaged."""
_MIN_READ_SHARE, _MIN_COMMON = 0.8, 3
"""The share of words afterwards, and how many different ones are common."""
_MIN_REPAIRED_SHARE = 0.25
_FIRST_WORDS, _MIN_FIRST_SHARE = 24, 0.65
"""Words from which the share so far says whether to go on."""
_VOWELS = "aeiouáéíóú"
_WITHOUT_VOWELS = str.maketrans("", "", _VOWELS)
_ANY_VOWEL = str.maketrans(dict.fromkeys(f"{_VOWELS}12345", "*"))
_MIN_VOWELS, _SHARE_OF_VOWEL = 16, 0.9
"""Vowels of the beginning of a text, and the share of one of them, from which it stands for all."""
_DOUBLED, _FIRST = re.compile(r"(.)\1"), r"\1"
_MIN_ANAGRAM = 5
"""Letters of a word from which it is known in any order; common words always are."""
_MASKED_VOWELS = str.maketrans(dict.fromkeys(_VOWELS, "*"))
_ACCENTS = str.maketrans("áéíóúü", "aeiouu")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_ROT13 = str.maketrans(_ALPHABET, _ALPHABET[13:] + _ALPHABET[:13])
_SIGNS = {
    "0": "o", "1": "il", "2": "zr", "3": "e", "4": "a", "5": "s", "6": "gb", "7": "t", "8": "b", "9": "g", "@": "a",
    "$": "s", "!": "il", "|": "il", "+": "t", "(": "c", "€": "e", "£": "l", "¡": "ia", "&": "e",
    "#": "h", "¤": "s", "§": "s",
}  # fmt: skip
"""What digits and signs are written for."""
_MASK = re.compile(r"[*_#.·•\-?%~]")
_LETTERS = re.compile(r"[^\W\d_]+")
_MAX_READINGS, _MAX_MASKED = 32, 60
_SENTENCE = re.compile(r"[^.!?\n]+")
_MIN_TOGETHER, _MAX_TOGETHER = 16, 300
"""Letters of a sentence whose blanks may be at the wrong places."""
_MIN_PIECES, _MIN_LETTERS = 4, 0.9
"""Pieces of such a sentence, and the share of letters in it."""
_MIN_MEAN_LENGTH, _LONG, _MAX_KNOWN, _MIN_IN_LONG = 3, 4, 0.35, 0.5
"""Letters of the words in it; of long words; and the shares of its letters in long words, as it stands and as read."""
_OFTEN_MASKED = (
    "help kill killed killing suicide suicidal abuse abused abuses rape raped raping hurt hurts scared beats touched "
    "drunk cutting molested depressed overdose matar suicidio ayuda violó golpea"
).split()
"""Words that people in need often mask."""
COMMON = frozenset(
    "a about after again all alone always am an and any anybody anyone are as at back be because before body but "
    "by call can come day delete do dont don't down every for from get girl give go good hand have he her here "
    "him his home how hurt i if im i'm in is it its just keep know let like little look love make me meet message "
    "mom more my need never new nice night no nobody not now of off ok on one only or our out over phone photo "
    "pic pics please room said school secret see send she so some somebody something soon stay take talk teach "
    "tell text that the them then there they thing this time to today tomorrow tonight too until up us very wait "
    "want was way we what when where who will with without work would you your al algo alguien amor ayer ayuda "
    "beso bien borra borrar buena cada casa clase como con cosa cuando da de decir del dile dime dos el ella "
    "ellos en era eres es esa ese eso esta está este esto estoy favor foto fue gusta ha hace hasta hay hola hoy "
    "la las le les lo los mamá mañana más mensaje mi mí mía miedo mucho muy nada nadie ni noche nos nosotros "
    "nuestra nuestro nunca o otra otro para pero poco por porque puedes puedo que qué quien quiero sabe se "
    "secreto ser si sí siempre sin sobre sola solas solo son soy su también te tengo ti tiene todas todo todos tu "
    "tú un una va vamos vas ve ven ver verme verte vez voy y ya yo".split()
)
"""Words that most sentences to somebody have some of. They are preferred where several words fit."""


class DamagedWords:
    """Repairs words, by the words of the covered languages in lower case. `wanted` are those it prefers."""

    def __init__(self, known: Collection[str], wanted: Collection[str], split: Callable[[str], str]) -> None:
        self._known, self._wanted, self._split = known, wanted, split

    def repairs(self, text: str) -> list[Change]:
        """What to write for the damaged words of a text; empty for a text that has few of them."""
        sample = text[:_SAMPLE].lower().split()
        known = self._known
        unknown = [word for word in sample if word not in known and word.strip(_EDGES) not in known]
        if len(unknown) < max(_MIN_DAMAGED, _MIN_DAMAGED_SHARE * len(sample)):
            return []
        sample = [word for word in sample if len(word) > 1]
        unknown = [word for word in unknown if len(word) > 1 and not self._is_plain(word.strip(_EDGES))]
        if len(unknown) < max(_MIN_DAMAGED, _MIN_DAMAGED_SHARE * len(sample)):
            return []
        if changes := self._of_words(text):
            return changes
        if self._has_one_vowel(text[:_SAMPLE].lower()):
            return self._of_words(text.lower().translate(_ANY_VOWEL))
        return self._of_blanks(text) if len(unknown) * 2 >= len(sample) else []

    @staticmethod
    def _has_one_vowel(sample: str) -> bool:
        """Whether all vowels of a text are the same letter, or digits: a song for children, and no language."""
        vowels = [sample.count(vowel) for vowel in _VOWELS[:5]]
        digits = sum(map(sample.count, "12345"))
        return max([*vowels, digits]) >= max(_MIN_VOWELS, _SHARE_OF_VOWEL * (sum(vowels) + digits))

    def _is_plain(self, word: str) -> bool:
        return word in self._known or word in COMMON or not word or ("/" in word and "://" in word)

    def _of_words(self, text: str) -> list[Change]:
        changes: list[Change] = []
        read: list[str] = []
        count = masked = numbers = 0
        for token in _TOKEN.finditer(text, 0, _MAX_CHARACTERS):
            word = token[0].lower()
            count += 1
            if self._is_plain(word.strip(_EDGES)) and word != "!":
                read.append(word.strip(_EDGES))
                continue
            if count >= _FIRST_WORDS and len(read) < _MIN_FIRST_SHARE * count:
                return []
            masked += _MASK.search(word) is not None
            start = token.start()
            for core in dict.fromkeys((word.strip(_EDGES), word.rstrip(".,!?"), word)):
                if core and (meant := self._word(core, masked <= _MAX_MASKED)):
                    at = start + word.index(core)
                    changes.append((at, at + len(core), meant))
                    read.append(meant)
                    numbers += core.isdecimal()
                    break
        return changes if self._says(read, len(changes) - numbers, count) else []

    @staticmethod
    def _says(read: Sequence[str], repaired: int, count: int) -> bool:
        if len(read) < _MIN_READ_SHARE * count or repaired < max(_MIN_DAMAGED, _MIN_REPAIRED_SHARE * count):
            return False
        return len(COMMON.intersection(read)) >= _MIN_COMMON

    def _word(self, word: str, may_be_masked: bool) -> str:
        """What a damaged word means, or ""."""
        for reading in _without_signs(word):
            if self._is_word(reading):
                return reading
        letters = word.replace("'", "")
        if len(letters) < 2:
            return ""
        if letters.isalpha():
            shapes = self._shapes
            is_bare = not any(letter in _VOWELS for letter in letters)
            found = shapes.get(letters) if is_bare else None
            found = found or shapes.get(_inner(letters)) or shapes.get(letters.translate(_ACCENTS))
            if found := found or (shapes.get(_single(letters)) if _DOUBLED.search(letters) else None):
                return found
            turned = (letters.translate(_ROT13), letters[::-1])
            found = next((word for word in turned if len(word) > 2 and self._is_word(word)), "")
            return found or (shapes.get(_in_order(letters), "") if letters == word else "")
        if not may_be_masked or not _MASK.search(word) or not any(map(str.isalpha, word)):
            return ""
        return self._shapes.get(_MASK.sub("*", letters)) or self._masked(_MASK.sub(".", letters))

    def _is_word(self, word: str) -> bool:
        return word in COMMON or (word in self._known and len(word) > 2)

    def _masked(self, pattern: str) -> str:
        """The word that has these letters, with a dot for each letter that is not known."""
        if len(pattern) - pattern.count(".") < max(2, len(pattern) // 2) or not pattern.replace(".", "").isalpha():
            return ""
        fits = re.compile(pattern).fullmatch
        return min(filter(fits, self._by_length[len(pattern)]), key=self._rank, default="")

    def _rank(self, word: str) -> tuple[int, int, str]:
        return 0 if word in COMMON else 1 if word in self._wanted else 2, len(word), word

    @cached_value
    def _words(self) -> list[str]:
        return sorted((word for word in {*self._known, *COMMON} if word.isalpha()), key=self._rank, reverse=True)

    @cached_value
    def _by_length(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        for word in self._words:
            found[len(word)].append(word)
        return found

    @cached_value
    def _shapes(self) -> dict[str, str]:
        """Words without vowels, with signs for them, with letters in order or not doubled, without accents."""
        shapes: dict[str, str] = {}
        for word in self._words:
            if len(word) > 3:
                shapes[_inner(word)] = word
            shapes[_single(word)] = word
            if len(word) >= _MIN_ANAGRAM or (word in COMMON and len(word) > 1):
                shapes[_in_order(word)] = word
            bare = word.translate(_WITHOUT_VOWELS)
            if bare and bare != word:
                shapes[word.translate(_MASKED_VOWELS)] = word
                shapes[bare] = word
            if not word.isascii():
                shapes.setdefault(word.translate(_ACCENTS), word)
        return shapes

    def _of_blanks(self, text: str) -> list[Change]:
        """Sentences whose blanks are at the wrong places."""
        changes: list[Change] = []
        for sentence in _SENTENCE.finditer(text, 0, _MAX_CHARACTERS):
            pieces = _LETTERS.findall(sentence[0].lower())
            letters = "".join(pieces)
            if len(pieces) < _MIN_PIECES or not _MIN_TOGETHER <= len(letters) <= _MAX_TOGETHER:
                continue
            if len(letters) < _MIN_LETTERS * len("".join(sentence[0].split())):
                continue
            before = self._in_long_words(pieces)
            if before > _MAX_KNOWN * len(letters):
                continue
            words = self._split(letters).split()
            is_longer = self._in_long_words(words) >= max(_MIN_IN_LONG * len(letters), 2 * before)
            is_said = is_longer and len(COMMON.intersection(words)) >= _MIN_COMMON
            if is_said and len(letters) >= _MIN_MEAN_LENGTH * len(words):
                changes.append((*sentence.span(), f" {' '.join(words)}"))
        return changes

    def _in_long_words(self, words: Iterable[str]) -> int:
        """Letters in known words of four letters or more. Shorter ones are pieces of others by chance."""
        return sum(len(word) for word in words if len(word) >= _LONG and word in self._known)


def _inner(word: str) -> str:
    """A word with the letters between the first and the last one in order."""
    return f"{word[0]}{''.join(sorted(word[1:-1]))}{word[-1]}/"


def _single(word: str) -> str:
    """A word without the second one of double letters."""
    return f"{_DOUBLED.sub(_FIRST, word)}="


def _in_order(word: str) -> str:
    """All letters of a word in order."""
    return f"{''.join(sorted(word))}~"


def _without_signs(word: str) -> Iterator[str]:
    """The word with letters for digits and signs, in each way that they may be meant."""
    choices = [_SIGNS.get(sign, sign) for sign in word if sign != "'"]
    count = 1
    for letters in choices:
        count *= len(letters)
    if count <= _MAX_READINGS and any(sign in _SIGNS for sign in word):
        yield from map("".join, product(*choices))


def masked_forms(words: Iterable[str]) -> dict[str, str]:
    """Masked form to word: of swear words, and of those that people in need mask with one sign."""
    found: dict[str, str] = {}
    for word in sorted(words):
        found |= dict.fromkeys(_masked_forms(word), word)
    for word in _OFTEN_MASKED:
        for masked in (word[:at] + sign + word[at + 1 :] for sign in "*#" for at in range(1, len(word) - 1)):
            found.setdefault(masked, word)
    return found


def _masked_forms(word: str) -> Iterable[str]:
    """The masked forms of a swear word: one or two inner letters, or all of them, replaced by a sign."""
    for sign in "*#-_.":
        for at in range(1, len(word) - 1):
            yield word[:at] + sign + word[at + 1 :]
            if at + 2 < len(word):
                yield word[:at] + sign * 2 + word[at + 2 :]
        yield word[0] + sign * (len(word) - 2) + word[-1]
        yield word[0] + sign * (len(word) - 1)
