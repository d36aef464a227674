"""What texts say that are spelled: by the words of radio, in two signs, in taps, in encodings of a whole line."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from string import ascii_lowercase

from classifiers.normalize.unicode_styles import unstyled
from classifiers.normalize.word_pairs import likeliest_words, words_with_pairs
from classifiers.normalize.word_segmentation import LEET
from gateway.core.mime.charsets.marks import is_letter_sign, without_marks
from gateway.core.mime.charsets.utf_7 import undecoded_utf_7
from gateway.core.mime.charsets.written import is_written

_NATO_WORDS = (
    "alfa|alpha bravo charlie delta echo foxtrot golf hotel india juliett|juliet kilo lima mike november oscar papa "
    "quebec romeo sierra tango uniform victor whiskey|whisky x-ray|xray yankee zulu"
).split()
NATO = re.compile(rf"\b(?>(?:{'|'.join(_NATO_WORDS)})\b(?>[^A-Za-z0-9]{{1,6}})?){{8,}}+", re.IGNORECASE)
_NATO_LETTERS = {word: chr(97 + at) for at, words in enumerate(_NATO_WORDS) for word in words.split("|")}
_NATO_WORD = re.compile(r"([A-Za-z-]+)([^A-Za-z-]*)")

TWO_SIGNS = re.compile(
    r"(?<!\S)([^\s/|])(?:[ /|\r\n]{0,6}+\1){0,6}+[ /|\r\n]{0,6}+(?!\1)([^\s/|])(?:[ /|\r\n]{0,6}+(?:\1|\2)){30,}+"
)
"""Signs of only two kinds, in groups."""
TAPS = re.compile(r"(?>\.{1,6} \.{1,6}(?>[ /\r\n]{1,4})?){8,}+")
_TAP = re.compile(r"(\.{1,6}) (\.{1,6})([ /\r\n]{0,4})")
XXENCODED = re.compile(r"^begin [0-7]{3,4} \S[^\r\n]{0,80}\r?\n(?:[+\-0-9A-Za-z]{2,61}\r?\n){1,2000}+", re.MULTILINE)
_XX = {sign: chr(32 + at) for at, sign in enumerate("+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")}
LONG_TOKEN = re.compile(r"(?<!\S)[!-~]{40,4000}(?!\S)")
ESCAPES = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
"""Codes of a terminal."""

_MIN_DIFFERENT, _MAX_DIGITS = 16, 2_000
"""Different characters of a line in base85, and digits of a number that is read."""
_BETWEEN = re.compile(r"([^\w\s])[^\W\d_]\1[^\W\d_]")
"""The same sign on both sides of a letter, and a letter after it."""
_FIRST_SIGNS, _MIN_ALIKE = 16, 6
"""Signs at the beginning of a text, and how many of them are the letter that stands between all others."""
_ENCLOSED = re.compile(r"(?:([(\[{<«])[^\W\d_][)\]}>»]){3}")
_ENCLOSING = str.maketrans("", "", "()[]{}<>«»")
_MAX_COMPARED = 2_000
_BEGIN = 240
"""Characters of a text in which the first sign of such a writing is."""
_DOUBLE = re.compile(r"([^\W\d_])\1")
_DOUBLED = re.compile(r"([^\W\d_])\1([^\W\d_])\2([^\W\d_])\3")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-\r?\n[> ]{0,8}(?=[^\W\d_])")
_MIN_HYPHENS = 4
_MIN_JOINTS, _MAX_JOINT, _MAX_PIECE = 8, 24, 16
"""What joins pieces of words: how many there are at least, the characters of one, and those of a piece in the mean."""
MAX_RUN, _MAX_JOINTS = 24, 24
"""Characters for each blank from which words run together, and how many letters are tried between them."""
_MAX_WHOLE, _MOST = 64, 0.9
"""Characters of one with what stands beside it, and the share of places where that does."""
_NUMBER = re.compile(r"\d{1,9}")
_ADDRESS = re.compile(r"\b[A-Za-z]{1,12}://[^\s<>\"]+")
"""An address, whose signs join no pieces of the text around it."""
_MAX_STARTS = 40
"""Places at the beginning of a text at which such a joint may begin."""
_STRONG_LEET = {
    "()": "o", "/\\/\\": "m", "\\/\\/": "w", "|\\/|": "m", "|\\|": "n", "|-|": "h", "|_|": "u", "/-\\": "a", "/\\": "a",
    "\\/": "v",
    "|)": "d", "|3": "b", "|<": "k", "|_": "l", "|2": "r", "|>": "p", "`/": "y", "><": "x", "(": "c",
}  # fmt: skip
_VOWEL = re.compile(r"[aeiouáéíóú]")
_BEFORE_VOWEL = re.compile(r"([aeiou][bcdfgjklmnpqrstvwxz]{1,2})(?=[aeiouáéíóú])")
_AFTER_VOWEL = re.compile(r"[aeiouáéíóú]([bcdfgjkpqtvwxz]|th)(?=[aeiouáéíóú])")
_ROBBERS = re.compile(r"([bcdfghjklmnñpqrstvwxyz])o\1")
_PIG_LATIN, _MIN_PIG_LATIN = re.compile(r"[a-z'’]{1,30}ay\b"), 0.7
"""Words of pig Latin, and their share of the words at the beginning of a text."""
_SOUNDS, _MAX_SOUNDS = "wyh", 4
"""Letters before the last syllable of a word that begins with a vowel, and how many a word begins with."""
_MIN_FILLERS = 6
_MAX_FILLER, _MAX_TRIED = 5, 6
"""Characters of a filler, and fillers that are tried."""
_FILLING, _MAX_SHARE = "pfbgktdcqvxzo", 8
"""Letters of such syllables: every eighth letter of a text, or more of them, is one."""
_PUNCTUATION = re.compile(r"[.,!?]")
_BEGINNING, _MAX_IN_HALVES, _MAX_WORDS = 300, 600, 400
"""Characters at the beginning of a text that tell how it is written, those of one in two halves, and words that are
looked up.
"""
_ROT47 = {33 + at: 33 + (at + 47) % 94 for at in range(94)}
_E, _MAX_APART = "6", 20
_MIN_PARAGRAPH, _MIN_COMMON_LETTERS = 32, 0.14
_EVERYWHERE = tuple(f" {word} " for word in "the to and of on in for is I you a that be with de la el que en y".split())
_MIN_LENGTH, _MAX_LENGTH = 4, 8
"""Characters of a paragraph, the share of "e", "a" and "o" that English and Spanish hardly ever have less than, and the
mean length of words with a blank."""
_SIGN_AND_GAP = re.compile(r"(\S++)([ \u00a0]*+)")
_MIN_APART, _MIN_GAP = 12, 2
"""Letters with gaps between them, and blanks of a gap. The normalizer joins those with single blanks."""
_MIN_STROKES = 8
"""Strokes and backslashes from which letters may be built of signs."""


def may_be_nato(text: str) -> bool:
    """Whether a text has words of the radio alphabet that every sentence needs."""
    if "echo" not in (lowered := text.lower()):
        return False
    return "tango" in lowered or "oscar" in lowered


def nato(code: str) -> str:
    """The letters that the words of the radio alphabet spell. A wider gap divides words."""
    found = _NATO_WORD.findall(code.lower())
    usual = min((gap for _, gap in found if gap), key=len, default=" ")
    return "".join(_NATO_LETTERS.get(word, "?") + ("" if gap == usual else " ") for word, gap in found)


def two_signs(code: str, morse: dict[str, str]) -> Iterator[str]:
    """Morse code or groups of five, in any two signs. Nothing for a code that has fewer or more."""
    signs = [sign for sign in dict.fromkeys(code) if sign not in " /|\r\n"]
    if len(signs) != len("-."):
        return
    is_divided = "/" in code or "|" in code
    words = re.split(r"[/|]" if is_divided else r"\s{2,}" if "  " in code else r"\n", code)
    for dot, dash in (signs, signs[::-1]):
        groups = [[group.replace(dot, ".").replace(dash, "-") for group in word.split()] for word in words]
        yield " ".join("".join(morse.get(group, "?") for group in word) for word in groups)
        if all(len(group) == 5 for word in groups for group in word):
            numbers = [[int(group.replace(".", "0").replace("-", "1"), 2) for group in word] for word in groups]
            yield " ".join("".join(chr(97 + number) if number < 26 else "?" for number in word) for word in numbers)


def taps(code: str) -> Iterator[str]:
    """The letters of taps by row and column, of a square that has K beside C, I beside J, or a row more for Z."""
    found = [((len(row) - 1) * 5 + len(column) - 1, gap) for row, column, gap in _TAP.findall(code)]
    ((usual, _),) = Counter(gap for _, gap in found[:-1]).most_common(1)
    for missing in ("k", "j", ""):
        letters = ascii_lowercase.replace(missing, "")
        yield "".join(letters[min(at, len(letters) - 1)] + " " * (gap not in (usual, "")) for at, gap in found)


def from_utf_7(text: str) -> str:
    """A text in UTF-7 that nobody decoded; "" if it is none."""
    found = undecoded_utf_7(text)
    if found is None:
        return ""
    decoded, letters, is_frequent = found
    bare = without_marks(letters)
    if not is_frequent:  # other data in base64 means letters of East Asia
        return decoded if sum(map(is_letter_sign, bare)) * 3 > len(bare) * 2 else ""
    return decoded if not bare or (bare.isprintable() and is_written(bare)) or unstyled(bare).isascii() else ""


def xxdecoded(code: str) -> str:
    """The lines of an xxencoded file, as uuencoded ones."""
    data = b""
    for line in code.splitlines()[1:]:
        if line in ("+", "end"):
            break
        data += binascii.a2b_uu("".join(_XX.get(sign, "!") for sign in line))
    return data.decode("utf-8", "replace")


def long_token(token: str) -> Iterator[str]:
    """A token in base85, as Python's and git's, or as Adobe's, or as one number of all its bytes."""
    if token.isdecimal() and len(token) < _MAX_DIGITS:
        number = int(token)
        yield number.to_bytes((number.bit_length() + 7) // 8, "big").decode("utf-8", "replace")
    if "://" in token or len(set(token)) < _MIN_DIFFERENT:
        return
    for decode in (base64.b85decode, base64.a85decode):
        try:
            yield decode(token).decode()
        except ValueError:
            continue


def apart(text: str, is_words: Callable[[str], bool]) -> str:
    """What a text says whose letters are apart, enclosed, doubled, or built of strokes; "" if it is in plain words."""
    between = next((sign for sign in _BETWEEN.finditer(text, 0, _BEGIN) if text[: sign.start()][-1:].isalpha()), None)
    is_enclosed, is_doubled = _ENCLOSED.search(text, 0, _BEGIN), _DOUBLED.search(text, 0, _BEGIN)
    is_built = text.count("|") + text.count("\\") >= _MIN_STROKES
    said: list[str] = []
    if between and text.count(between[1]) * 5 >= 2 * sum(map(str.isalpha, text)):
        said.append(text.replace(between[1], ""))
    second = text[1:2]
    is_filled = second.isalnum() and text.count(second, 0, _FIRST_SIGNS) >= _MIN_ALIKE
    if is_filled and text.count(second) * 3 >= len(text):
        said.append(re.sub(rf"(\S| ){second}", r"\1", text))
    if is_enclosed:
        said.append(text.translate(_ENCLOSING))
    if is_doubled:
        letters = [letter for letter in text if letter.isalpha()]
        doubled = sum(letters[at] == letters[at + 1] for at in range(0, len(letters) - 1, 2))
        if doubled * 2 >= 0.9 * len(letters):
            said.append(_DOUBLE.sub(r"\1", text))
    if is_built:
        said.append(_without_leet(text))
    said += [words] if (words := _by_wider_gaps(text)) else []
    sample = text[:_MAX_COMPARED]
    if not said or (without_marks(sample) == sample and is_words(sample)):  # the normalizer may not know the marks
        return ""
    return next((words for words in said if words != text and is_words(words.translate(LEET))), "")


def _by_wider_gaps(text: str) -> str:
    """The words of letters with blanks between, of which words have more; "" for other texts."""
    if any(len(sign) > 1 for sign in text[:_BEGIN].split()):
        return ""
    signs = _SIGN_AND_GAP.findall(text.strip())
    narrow = min((len(gap) for _, gap in signs[:-1]), default=0)
    if len(signs) < _MIN_APART or narrow < _MIN_GAP or any(len(sign) > 1 for sign, _ in signs):
        return ""
    return "".join(sign + " " * (len(gap) > narrow) for sign, gap in signs).strip()


def joined_pieces(text: str) -> Iterator[str]:
    """A text without what stands most often between its pieces, as a program joins them or leaves out comments.

    Also with blanks in its place, since it may stand between words. Numbers in it may change from piece to piece. It is
    looked for outside of addresses, which have a reader of their own.
    """
    written = _ADDRESS.sub(" ", text)
    for change in (str, _with_numbers_alike):
        source, alike = change(text), change(written)
        for joint in _joints(alike[:_BEGINNING]):
            joint = _with_neighbors(joint, alike[:_MAX_COMPARED])
            count = alike.count(joint)
            if count >= _MIN_JOINTS and count * _MAX_PIECE >= len(alike) - count * len(joint):
                yield from (source.replace(joint, ""), source.replace(joint, " "))
    sample = written[:_BEGINNING]
    letters = sum(map(str.isalnum, sample))
    if sample.count(" ") * MAX_RUN < len(sample) <= letters / _MOST:  # its words run together
        for joint in _letters_between(sample):
            yield from (text.replace(joint, " "), text.replace(joint, ""))


def _with_numbers_alike(text: str) -> str:
    return _NUMBER.sub("#", text)


def _letters_between(sample: str) -> Iterator[str]:
    """A few letters or digits that may stand between words that run together, those that make up most of them first."""
    counts = Counter(sample[at : at + size] for size in (1, 2, 3) for at in range(len(sample) - size + 1))
    found = [(count * len(joint), joint) for joint, count in counts.items() if count >= _MIN_JOINTS and joint.isalnum()]
    yield from (joint for _, joint in sorted(found, reverse=True)[:_MAX_JOINTS])


def _with_neighbors(joint: str, sample: str) -> str:
    """A joint with what stands beside it nearly everywhere, such as blanks, or letters of a tag."""
    least = sample.count(joint) * _MOST
    while len(joint) < _MAX_WHOLE:
        pieces = sample.split(joint)
        before = Counter(piece[-1:] for piece in pieces[:-1])
        following = Counter(piece[:1] for piece in pieces[1:])
        (left, lefts), (right, rights) = before.most_common(1)[0], following.most_common(1)[0]
        if left and lefts >= least:
            joint = left + joint
        elif right and rights >= least:
            joint += right
        else:
            break
    return joint


def _joints(sample: str) -> Iterator[str]:
    """What repeats most among the signs, line ends and what follows them, and the commonest sign by itself.

    The pieces may have signs of their own, such as references. Nothing, if no sign is in a text often enough.
    """
    signs = {
        sign: count
        for sign, count in Counter(sample).items()
        if not (sign.isalnum() or sign == " ") and count * (_MAX_PIECE + _MAX_JOINT) >= len(sample)
    }
    if sum(signs.values()) * _MAX_PIECE < len(sample) // 2:
        return
    starts = [at for at, sign in enumerate(sample) if sign in signs]
    found = {
        sample[at:end] for at in starts[:_MAX_STARTS] for end in range(at + 1, min(at + _MAX_JOINT, len(sample)) + 1)
    }
    best = max(sorted(found), key=lambda joint: (sample.count(joint) - 1) * len(joint), default="")
    if best:
        yield best
        commonest = max(signs, key=signs.__getitem__)
        if commonest != best:
            yield commonest


def _without_leet(text: str) -> str:
    """Letters for those that are built of signs. Digits may stand for several ones."""
    for sign, letter in _STRONG_LEET.items():
        text = text.replace(sign, letter)
    return text


def without_play(text: str) -> Iterator[str]:
    """What a text in small letters may say in the languages that children play: with syllables between its letters.

    Ubbi dubbi puts one before each vowel, jeringonza repeats each vowel after another letter, the language of robbers
    each consonant after an o.
    """
    sample = text[:_BEGINNING]
    yield from (text.replace(filler, filler[0] if filler[0] == " " else "") for filler in _fillers(sample))
    if not any(sample.count(letter) * _MAX_SHARE > len(sample) for letter in _FILLING):
        return
    vowels = len(_VOWEL.findall(sample))
    for pattern, rest, least in ((_BEFORE_VOWEL, "{}(?={})", 0.25), (_AFTER_VOWEL, "(?<={1}){0}{1}", 0.3)):
        fillers = Counter(found[1] for found in pattern.finditer(sample))
        filler, count = fillers.most_common(1)[0] if fillers else ("", 0)
        if count >= max(_MIN_FILLERS, least * vowels):
            yield re.sub(rest.format(filler, _VOWEL.pattern), "", text)
    if len(_ROBBERS.findall(sample)) >= _MIN_FILLERS:
        yield _ROBBERS.sub(r"\1", text)


def from_pig_latin(text: str) -> Iterator[str]:
    """What a text in small letters says whose words end in their first letters and "ay", if nearly all of them do."""
    sample = text[:_BEGINNING]
    if len(_PIG_LATIN.findall(sample)) < _MIN_PIG_LATIN * len(sample.split()):
        return
    known = words_with_pairs()
    words = [word[:-2] if word.endswith("ay") else word for word in _PUNCTUATION.sub("", text).split()[:_MAX_WORDS]]
    yield " ".join(likeliest_words([_with_first_letters(word, known) or (word,) for word in words]))


def _with_first_letters(word: str, known: Collection[str]) -> list[str]:
    """The words that a word of pig Latin without its last syllable may be."""
    ways = [word[-count:] + word[:-count] for count in range(1, min(_MAX_SOUNDS, len(word)) + 1)]
    ways += [word, word[:-1]] if word[-1:] in _SOUNDS else [word]
    return [way for way in dict.fromkeys(ways) if way in known]


def _fillers(sample: str) -> Iterator[str]:
    """What stands between the letters of a text again and again, the likeliest first."""
    least = max(_MIN_FILLERS, sample.count(" "))
    counts = Counter(
        sample[at : at + size] for size in range(2, _MAX_FILLER + 1) for at in range(len(sample) - size + 1)
    )
    found = [(count * len(filler), filler) for filler, count in counts.items() if count >= least]
    yield from (filler for _, filler in sorted(found, reverse=True)[:_MAX_TRIED] if not filler.endswith(" "))


def in_other_order(text: str, is_likely: Callable[[str], bool]) -> Iterator[str]:
    """What a text may say whose letters stand in another order: the last first, in pairs, or every second one first."""
    sample = text[: _BEGINNING // 2]
    for make in (_first_at_the_end, _in_pairs, _in_pairs_of_words):
        if is_likely(make(sample)):
            yield make(text)
    if len(text) <= _MAX_IN_HALVES:
        half = (len(text) + 1) // 2
        yield _alternating(text[:half], text[half:])


def _first_at_the_end(text: str) -> str:
    return " ".join([word[-1] + word[:-1] for word in _PUNCTUATION.sub("", text).split()])


def _in_pairs(text: str) -> str:
    even = text if len(text) % 2 == 0 else f"{text} "
    return _alternating(even[1::2], even[::2])


def _in_pairs_of_words(text: str) -> str:
    return " ".join([_in_pairs(word[: len(word) // 2 * 2]) + word[len(word) // 2 * 2 :] for word in text.split()])


def _alternating(first: str, second: str) -> str:
    letters = [""] * (len(first) + len(second))
    letters[::2], letters[1::2] = first, second
    return "".join(letters)


def turned_about(text: str) -> tuple[str, str]:
    """A text from its last letter, and with each word from its last letter."""
    return text[::-1], " ".join(word[::-1] for word in text.split())


def unlike_language(text: str) -> Iterator[str]:
    """The paragraphs of a text that have few of the commonest letters of English and Spanish."""
    for paragraph in text.split("\n\r\n" if "\r" in text else "\n\n"):
        size = len(paragraph)
        if size >= _MIN_PARAGRAPH:
            blanks, common = paragraph.count(" "), paragraph.count("e") + paragraph.count("a") + paragraph.count("o")
            if common < _MIN_COMMON_LETTERS * size and blanks * _MAX_LENGTH > size > blanks * _MIN_LENGTH:
                padded = f" {paragraph} "
                if not any(map(padded.__contains__, _EVERYWHERE)):
                    yield paragraph


def rot47(text: str) -> str:
    """A text with each sign of ASCII for the one that stands 47 places from it; "" if it has few for an e."""
    return text.translate(_ROT47) if text.count(_E) * _MAX_APART > len(text) else ""


def joined_lines(text: str) -> str:
    """The text with words that are cut at the ends of lines, if there are several."""
    cuts = len(_HYPHENATED.findall(text))
    return _HYPHENATED.sub("", text) if cuts >= _MIN_HYPHENS and cuts * 8 >= text.count(" ") else ""
