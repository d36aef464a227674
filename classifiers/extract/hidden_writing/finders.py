"""The finders of hidden writing in the text of a message, and the one place where they are run.

What nobody reads as it stands is blanked, so that nothing is judged from it, and what it says is read instead. A finder
that fails is reported, and the others read the text all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import unescape

from classifiers.extract.hidden_writing.cipher_of_signs import without_ciphers_of_signs
from classifiers.extract.hidden_writing.code_runs import MORSE
from classifiers.extract.hidden_writing.codes import FINDERS as CODES
from classifiers.extract.hidden_writing.codes import Coded, is_sentence, joined_pieces, letters_in_columns, utf_7
from classifiers.extract.hidden_writing.framed_words import words_in_frames
from classifiers.extract.hidden_writing.gibberish import without_gibberish
from classifiers.extract.hidden_writing.letter_orders import MIN_BITS, words_in_order
from classifiers.extract.hidden_writing.letter_tables import letters_by_tables
from classifiers.extract.hidden_writing.link_words import words_of_links
from classifiers.extract.hidden_writing.number_codes import spaced_references
from classifiers.extract.hidden_writing.other_letters.above import lines_above
from classifiers.extract.hidden_writing.other_letters.vowels import with_meant_vowels
from classifiers.extract.hidden_writing.picked_letters import picked_letters
from classifiers.extract.hidden_writing.picked_words import picked_words
from classifiers.extract.hidden_writing.two_signs import letters_of_two_signs
from classifiers.extract.hidden_writing.unread_writing import unread_writing
from classifiers.extract.quoting import PassageKind
from classifiers.extract.readers.reading import PICTURED, UNREADABLE
from gateway.core.mime.charsets.marks import visible
from gateway.core.mime.drawn_text.signs import without_drawn_letters
from gateway.core.mime.drawn_text.words import drawn_with_words, without_letters_over_blanks
from gateway.core.mime.guard import Guard
from gateway.core.mime.spelling.spelled_words import spells_words

_MARKED = 4
"""A text of whose characters one in so many is an invisible sign is also read without them."""
_MIN_REFERENCES = 6
"""Numeric references in a text that are read as the letters that they mean."""
_MAX_ORDERED = 6
"""Texts of a message whose letters are put in other orders, which takes 0.1 s each. Others are called unreadable."""
NOT_SHOWN = (PassageKind.OTHER, PassageKind.HIDDEN)
"""Texts in which foreign bytes are what another way of decoding made of something that was read."""


@dataclass(frozen=True, slots=True)
class FoundWriting:
    """A text with blanks at the same offsets for what nobody reads; what that says; and words for `failed`."""

    text: str
    said: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


Finder = Callable[[str, PassageKind], FoundWriting | None]
"""What looks for one kind of writing. None: there is none."""


def _drawn_letters(text: str, _: PassageKind) -> FoundWriting | None:
    shown, is_drawn = without_drawn_letters(text)
    return FoundWriting(shown, (), (PICTURED,)) if is_drawn else None


def _drawn_with_words(text: str, kind: PassageKind) -> FoundWriting | None:
    if kind in NOT_SHOWN:
        return None
    shown, is_drawn = without_letters_over_blanks(text)
    return FoundWriting(shown, (), (PICTURED,)) if is_drawn or drawn_with_words(text) else None


def _signs(text: str, kind: PassageKind) -> FoundWriting | None:
    if kind in NOT_SHOWN:
        return None
    shown, is_cipher = without_ciphers_of_signs(text)
    return FoundWriting(shown, (), (UNREADABLE,)) if is_cipher else None


def _encoded_data(text: str, kind: PassageKind) -> FoundWriting | None:
    readable = without_gibberish(text)
    if readable.text is text and readable.is_complete:
        return None
    is_read = readable.is_complete or (kind in NOT_SHOWN and not readable.has_encoded)
    return FoundWriting(readable.text, readable.decoded, () if is_read else (UNREADABLE,))


def _addresses(text: str, _: PassageKind) -> FoundWriting | None:
    said = tuple(words_of_links(visible(text), is_sentence))
    return FoundWriting(text, said) if said else None


def _framed(text: str, _: PassageKind) -> FoundWriting | None:
    said = tuple(words_in_frames(text))
    return FoundWriting(text, said) if said else None


def _picked(pick: Callable[[str], list[str]]) -> Finder:
    def finder(text: str, _: PassageKind) -> FoundWriting | None:
        said = tuple(pick(text))
        return FoundWriting(text, said) if said else None

    return finder


def _above(text: str, _: PassageKind) -> FoundWriting | None:
    said = next((line for line in lines_above(text) if is_sentence(line) or spells_words(line)), "")
    return FoundWriting(text, (said,)) if said else None


def _codes(find: Callable[[str], Coded]) -> Finder:
    def finder(text: str, _: PassageKind) -> FoundWriting | None:
        blanked, said = find(text)
        return FoundWriting(blanked, tuple(said)) if said else None

    return finder


FINDERS: tuple[tuple[str, Finder], ...] = (
    ("drawn letters", _drawn_letters),
    ("letters drawn with words", _drawn_with_words),
    ("UTF-7", _codes(utf_7)),
    ("references with blanks", _codes(spaced_references)),
    ("other vowels", _codes(with_meant_vowels)),
    ("letters in columns", _codes(letters_in_columns)),
    ("joined pieces", _codes(joined_pieces)),
    ("encoded data", _encoded_data),
    ("words of addresses", _addresses),
    ("words in frames", _framed),
    ("letters above others", _above),
    ("marked letters", _picked(picked_letters)),
    ("picked words", _picked(picked_words)),
    ("letters by tables", _picked(letters_by_tables)),
    ("letters of two signs", _picked(partial(letters_of_two_signs, morse=MORSE))),
    *((name, _codes(find)) for name, find in CODES),
    ("words of signs", _signs),
)
"""The finders in order. Each reads the text as those before it leave it."""


def find_hidden_writing(text: str, kind: PassageKind, guard: Guard) -> FoundWriting:
    """What all finders make of a text. Those that fail are noted in the guard."""
    said: list[str] = []
    failed: list[str] = []
    for name, finder in FINDERS:
        found = guard.run(name, finder, text, kind)
        if found is not None:
            text = found.text
            said += found.said
            failed += found.failed
    if kind not in NOT_SHOWN:
        unlikely = guard.run("unlikely letters", unread_writing, text, MIN_BITS)
        if unlikely:
            said += guard.run_at_most(_MAX_ORDERED, "letters in another order", words_in_order, text) or ()
        unread = guard.run("unread writing", unread_writing, text) if unlikely else ()
        failed += [UNREADABLE] * (sum(map(len, unread or ())) > sum(map(len, said)))
    said += guard.run("words with marks in them", _behind_marks, text, kind, guard) or ()
    return FoundWriting(text, tuple(said), tuple(failed))


def _behind_marks(text: str, kind: PassageKind, guard: Guard) -> list[str]:
    """What codes in a text say when the invisible signs between their letters are left out."""
    bare = visible(text)
    if bare is text or len(bare) * _MARKED > len(text) * (_MARKED - 1):
        return []
    said = [unescape(bare)] if bare.count("&#") >= _MIN_REFERENCES else []
    for name, finder in FINDERS:
        if (found := guard.run(name, finder, bare, kind)) is not None:
            bare = found.text
            said += found.said
    return said
