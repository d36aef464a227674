"""Words of a text that are a sentence of their own, because something sets them apart from the words around them.

Which signs do so is anybody's choice, so none is listed: the words behind the same signs, those before the same signs,
those in capitals or in the same odd letters, and those of short lines among long ones are looked at. So are every
second or third word or line, the first and last words of lines and sentences, and words with an order of their own
(`moved_words`). What is picked counts only if its words follow each other as those of a sentence do, more than the
words that it is picked from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.moved_words import words_backwards, words_by_keys
from classifiers.extract.hidden_writing.word_order import is_natural, plain_words
from classifiers.normalize.plain_letters import plain_letters
from classifiers.normalize.word_pairs import EVIDENCE, evidence

_MAX_LENGTH, _MAX_WORDS, _MAX_STEP = 6_000, 160, 6
"""Characters and words of a text that are looked at, and words from one that is picked to the next."""
_MIN_WORDS = 5
"""Words of what is picked."""
_OF_CHOICE = 4.0
"""Further bits of evidence for one of many groups of words: some are like a sentence by chance."""
_MAX_SHARE = 0.67
"""The share of the words of a text that one thing sets apart from the others."""
_MAX_SIGNS = 12
"""Characters between two words that are a sign of something."""
_LETTER = r"[^\W\d_][\u0300-\u036f\u20d0-\u20f0]{0,3}"
_WORD = re.compile(rf"(?!(?<![^\W\d_])(?<!\()[A-Za-z]\))(?:{_LETTER}){{1,30}}+(?:['’](?:{_LETTER}){{1,12}}+){{0,2}}+")
_APART, _TWICE = "\ue000", "\ue001"
"""What stands before words whose letters are apart, and before those whose letters are twice."""
_LETTERS_APART = re.compile(
    r"(?<![^\W\d_])(?<![^\W\d_][-.·*_~])[^\W\d_]([-.·*_~ ])[^\W\d_](?![^\W\d_])(?:\1[^\W\d_](?![^\W\d_])){0,20}+"
)
_LETTERS_TWICE = re.compile(r"(?<![^\W\d_])(?:([^\W\d_])\1){2,20}+(?![^\W\d_])")
_SENTENCE_SIGNS = str.maketrans("", "", ".,!?;:…")
_DIGITS = re.compile(r"\d+")
_PLAIN_GAP = " "
_SHORT_LINE, _LONG_LINE, _MIN_LONG = 3, 5, 4
"""Words of a line among others, of one of the others, and how many of these there are at least."""
_MAX_IN_LINE = 3
"""Words of a line in the mean from which a sentence does not stand in one line."""
_MIN_BETWEEN, _MIN_SHARE_BETWEEN = 5, 0.3
"""How often a word stands between others, in number and share of the words, from which it says nothing."""
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_CAPITALS = re.compile(r"(?<!\w)[A-ZÁÉÍÓÚÑ'’]+(?!\w)")
_SIGNS = ".,;:!?"
_SENTENCE = re.compile(r"[^.!?\n]+")
_LABEL = re.compile(r"^\W{0,4}([^\W\d_]{1,30}+(?:['’][^\W\d_]{1,12}+){0,2}+)\W{0,3}[:=]", re.MULTILINE)
_MAX_KEPT = 30
"""How often a text is as long as what is left out of it, at most."""
_BULLETIN_TAG = re.compile(r"\[/?[a-zA-Z*]{1,8}(?:=[^\]\s]{0,80})?\]")
_STRUCK = re.compile(r"~~[^~\n]{1,60}~~|\S{1,20}(?:\^H){1,20}|^-[^-\n][^\n]{0,80}\n(?=\+)|^\+(?=[^+\n])", re.MULTILINE)
"""Words that somebody struck out, with what shows that."""


def picked_words(text: str) -> list[str]:
    """What some words of a text say by themselves, and all of them in another order."""
    text = text[:_MAX_LENGTH].translate(_RAISED)
    words = text.split()
    if len(words) < _MIN_WORDS:
        return []
    lines = [line for line in text.split("\n") if line.strip()]
    all_plain = plain_words(words)
    words, plain = words[:_MAX_WORDS], all_plain[:_MAX_WORDS]
    whole = evidence(all_plain) / (len(all_plain) - 1)
    few = (*_in_capitals(text), *_of_lines(lines, text), *_without_fillers(words, plain), *words_by_keys(lines, text))
    many = (*_every_second(words), *_between_signs(text), *_of_short_lines(lines))
    ways: list[Sequence[str]] = [way for way in few if is_natural(plain_words(way), whole)]
    ways += [way for way in many if is_natural(plain_words(way), whole, EVIDENCE + _OF_CHOICE)]
    said = [" ".join(way) for way in (*ways, *words_backwards(lines, words, plain))]
    if "~~" in text or "^H" in text or "\n+" in text:
        said += _without(_STRUCK, text)
    if "[/" in text:
        said += _without(_BULLETIN_TAG, text)
    return list(dict.fromkeys(filter(is_sentence, said)))


def _without(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """The text without what a pattern finds, if that is enough of it to matter and has letters."""
    found = pattern.findall(text)
    if any(map(str.isalpha, "".join(found))) and sum(map(len, found)) * _MAX_KEPT >= len(text):
        yield pattern.sub("", text)


# Words at certain places


def _every_second(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Every second word, every third one, and so on, from each of the first."""
    for step in range(2, min(_MAX_STEP, len(words) // _MIN_WORDS) + 1):
        yield from (words[first::step] for first in range(step))


def _of_lines(lines: Sequence[str], text: str) -> Iterator[list[str]]:
    """The first, second and last words of lines and sentences; the labels of lines; every second line."""
    of_lines = [line.split() for line in lines]
    of_sentences = [sentence.split() for sentence in _SENTENCE.findall(text) if sentence.strip()]
    for groups in (of_lines, of_sentences) if len(of_lines) != len(of_sentences) else (of_lines,):
        if len(groups) >= _MIN_WORDS:
            for at in (0, 1, -1):
                yield [group[at].strip(_SIGNS) for group in groups if len(group) > (1 if at == 1 else 0)]
    if len(of_lines) >= _MIN_WORDS - 1 and sum(map(len, of_lines)) <= _MAX_IN_LINE * len(of_lines):
        for first in (0, 1):
            yield [word for line in of_lines[first::2] for word in line]
    if text.count(":") >= _MIN_WORDS:
        yield _LABEL.findall(text)


def _of_short_lines(lines: Sequence[str]) -> Iterator[list[str]]:
    """The words of short lines that stand among longer ones, as headings do."""
    split = [line.split() for line in lines]
    short = [words for words in split if len(words) <= _SHORT_LINE]
    if sum(len(words) >= _LONG_LINE for words in split) >= _MIN_LONG and len(short) >= _MIN_LONG:
        yield [word for words in short for word in words]


def _without_fillers(words: Sequence[str], plain: Sequence[str]) -> Iterator[list[str]]:
    """The words without one that stands between the others again and again."""
    filler, count = Counter(plain).most_common(1)[0]
    if count >= max(_MIN_BETWEEN, _MIN_SHARE_BETWEEN * len(words)):
        yield [word for word, bare in zip(words, plain, strict=True) if bare != filler]


# Words with signs, or in odd letters


def _in_capitals(text: str) -> Iterator[list[str]]:
    """Words in capitals among small ones."""
    capitals = _CAPITALS.findall(text)
    if _MIN_WORDS <= len(capitals) <= text.count(" ") // 2:
        yield capitals


def _between_signs(text: str) -> Iterator[list[str]]:
    """The words behind each kind of signs, those before each, and those that stand between signs on both sides."""
    text = _LETTERS_APART.sub(lambda found: _APART + found[0].replace(found[1], ""), text)
    text = _LETTERS_TWICE.sub(lambda found: _TWICE + found[0][::2], text)
    found = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    if len(found) < _MIN_WORDS:
        return
    groups: dict[tuple[str, str], list[str]] = {}
    end = 0
    before = ""
    for number, (start, stop) in enumerate(found):
        word = text[start:stop]
        gap = text[end:start]
        if gap != _PLAIN_GAP and len(gap) <= _MAX_SIGNS:
            kind = _kind(gap)
            if number:
                groups.setdefault(("before", kind), []).append(before)
            groups.setdefault(("behind", kind), []).append(plain_letters(word))
        before = word if word.isascii() else plain_letters(word)
        if before is not word and _is_odd(word):
            groups.setdefault(("letters", ""), []).append(before)
        end = stop
    most = _MAX_SHARE * len(found)
    for (_, kind), words in groups.items():
        if len(words) >= _MIN_WORDS and (len(words) <= most or kind.translate(_SENTENCE_SIGNS).strip()):
            yield words


def _kind(gap: str) -> str:
    """The signs between two words, without those of a sentence if there are others, and whatever numbers say."""
    bare = gap.translate(_SENTENCE_SIGNS)
    signs = bare if bare.strip() or (bare.isspace() and set(bare) != {" "} and not set(bare) <= set("\r\n ")) else gap
    return " ".join(_DIGITS.sub("0", signs).split(" ")) if signs.strip(" ") else signs


def _is_odd(word: str) -> bool:
    """Whether a word has letters that words of European languages do not have: of another alphabet, or with marks."""
    return any(letter > "\u024f" and letter != "’" for letter in word)
