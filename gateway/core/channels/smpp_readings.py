"""Other readings of a text over SMPP: what phones show that choose another alphabet than the declared one.

A reading counts only if it looks like words and says something else than the declared one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

import gsmcodecs  # noqa: F401 - registers the codecs

from gateway.core.channels.smpp_changed_bytes import words_of_changed_bytes

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufffe\uffff]")
_BREAK_BYTES = frozenset(b"\r\n")
_WORDY = re.compile(r"[A-Za-z0-9 ,.'!?\r\náéíóúüñÁÉÍÓÚÜÑ¿¡-]")
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"[0-9]")
_SWITCH = re.compile(r"[a-z][A-Z]")
_VOWEL = re.compile(r"[AEIOUYaeiouy]")
_BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1f]")
_RUN = re.compile(r"[ -~\r\n]{3,}+")
_LONG_RUN = re.compile(rb"[ -~\r\n]{16,}+")
_MEANT_AS_ASCII = re.compile(r"\u00a4|\w\u00a1")
_ASCII_SIGNS = str.maketrans("\u00a1\u00a4\u00a7", "@$_")
"""Signs of GSM 03.38 whose bytes are others in ASCII."""
_WORDS_ONLY = re.compile(r"[A-Za-z][A-Za-z ,.'!?]*")
_MARKUP = re.compile(r"</?[A-Za-z!][^<>]{0,200}+>")
_SYMBOLS = re.compile("[\u00a2-\u00be\u00c4-\u00c7\u00c9\u00d0-\u00d8\u00dc-\u00feΓΔΘΛΞΠΣΦΨΩ]")
"""What Latin texts seldom have, and other bytes look like that are read in GSM 03.38 or Latin-1."""
_CALLS = frozenset("help helpme sos 911 988 ayuda ayudame auxilio socorro".split())
"""The letters of short calls for help."""
_MAX_CALL = 20
_SYMBOL_FONT = range(0xF020, 0xF100)
"""Letters that were copied from a font of symbols."""
_IGNORED = bytes({*range(0x20), 0x7F} - {*b"\t\n\r\x0b\x0c"})
_ESCAPED = re.compile(rb"\x1b.?", re.DOTALL)
_PLAIN_LETTER = re.compile(rb"[A-Za-z]")
_MIN_LETTERS, _MIN_UNLIKELY, _MIN_SENTENCE = 4, 8, 12
_MIN_SHARE, _MIN_VOWELS = 0.85, 0.2
_MIN_WIDE = 3
_MAX_BROKEN = 0.1
"""The share of characters of UTF-16 that may be halves of others."""
_MANY_ZEROS = 0.25
_MAX_ODD, _MAX_SYMBOLS = 0.1, 0.25
"""The share of characters without a meaning in a text, and of symbols in a long one."""
_MIN_MARKUP = _MIN_SYMBOLS = 3
_PACKED_START = 63
"""Bytes that must look like words before all of a text is unpacked."""
_SAME = 0.6
"""The share of characters that a reading has in common with the declared one if it is the same text."""
_UNCOUNTED = frozenset({"So", "Sk", "Mn", "Me", "Cf"})
"""Categories of emoji, their modifiers and invisible characters."""


def other_readings(parts: Sequence[bytes], declared: str, *, is_wide: bool = False) -> tuple[str, ...]:
    """The other readings of the bytes of adjacent parts that were decoded as `declared`. `is_wide`: as UTF-16."""
    return _new(_readings(parts, ignores=not is_wide), declared)


def better_readings(parts: Sequence[bytes], declared: str, *, is_text: bool, is_wide: bool) -> tuple[str, ...]:
    """The readings, the likeliest first, of bytes that are no text as declared.

    `is_text`: another alphabet than binary is declared; `is_wide`: UTF-16. None if `declared` may well be the text: the
    others are then only beside it.
    """
    content = b"".join(parts)
    zeros = 0 if is_wide else content.count(0)
    damaged = not is_text or zeros > _MANY_ZEROS * len(content) or bool(_CONTROL.search(declared))
    if not (damaged or is_wide):
        return ()
    best, *others = *_readings(parts, is_text=is_text, ignores=damaged), ""
    others = [text for text in others if text]
    if not damaged and not (_is_new(best, declared) and _looks_like_a_sentence(best)):
        return ()
    return (best, *_new(others, best)) if _says_something(best) else ()


def _readings(parts: Sequence[bytes], *, is_text: bool = True, ignores: bool = True) -> tuple[str, ...]:
    content = b"".join(parts)
    found = (*_plausible(content, is_text=is_text, ignores=ignores), *_packed(parts), *words_of_changed_bytes(content))
    return tuple(dict.fromkeys(_CONTROL.sub("", text).strip("\ufeff \r\n\t") for text in found))


def words_in(value: bytes) -> str:
    """The words in a value that is no text, such as a parameter; "" if there are none."""
    text = value.strip(b"\0").decode("latin-1")
    found = [text.strip("\ufeff\0 ") for text in (text, *_plausible(value), *_packed_words(value))]
    runs = _RUN.findall(text) if _CONTROL.search(text) else []
    words = [
        text
        for text in (*found, *runs)
        if not _CONTROL.search(text) and (is_call(text) or (has_many_letters(text) and looks_like_words(text)))
    ]
    return "\n\n".join(dict.fromkeys(words if runs else words[:1]))


def words_across(values: Iterable[bytes]) -> str:
    """The words that stand in several parameters, one or a few in each; "" if there are none."""
    pieces = [piece for value in values if _WORDS_ONLY.fullmatch(piece := _without_zeros(value))]
    text = " ".join(pieces)
    return text if len(pieces) > 1 and (is_call("".join(pieces)) or _looks_like_a_sentence(text)) else ""


def _without_zeros(value: bytes) -> str:
    """A value as plain letters, also if it has two bytes a letter."""
    halves = (value[::2], value[1::2])
    if len(value) > 1 and not all(map(any, halves)):
        value = max(halves, key=any)
    return value.strip(b"\0 ").decode("latin-1")


def sentences_in(content: bytes) -> tuple[str, ...]:
    """The sentences of plain letters in a text of two bytes a letter, where no other text has them by chance."""
    found = (run.decode("ascii") for run in _LONG_RUN.findall(content))
    return tuple(run for run in found if _looks_like_a_sentence(run))


def without_markup(text: str) -> str:
    """A text without the tags among its words, which some applications do not show; "" if there are few."""
    if text.count("<") < _MIN_MARKUP:
        return ""
    bare, count = _MARKUP.subn("", text)
    return bare if count >= _MIN_MARKUP else ""


def has_no_meaning(text: str) -> bool:
    """Whether a text is not text at all: it has control characters or unassigned ones."""
    if text.isascii() and text.isprintable():
        return False
    shown = [character for character in text if not character.isspace()]
    return sum(map(_is_odd, shown)) > 1 + _MAX_ODD * len(shown)


def words_among_oddities(text: str) -> tuple[str, ...]:
    """The words that a person reads among characters without a meaning, which phones show as boxes or as nothing.

    They may stand between words or inside them, so that there are readings with blanks in their place and without.
    """
    readings = ("".join(filling if _is_odd(sign) else sign for sign in text).strip() for filling in (" ", ""))
    return tuple(dict.fromkeys(words for words in readings if _says_something(words) and looks_like_words(words)))


def looks_misread(text: str) -> bool:
    """Whether a text has so many rare characters that its bytes must mean something else."""
    found = _SYMBOLS.findall(text)
    return len(text) >= _MIN_SENTENCE and len(set(found)) > _MIN_SYMBOLS and len(found) > _MAX_SYMBOLS * len(text)


def _is_odd(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind == "Cn":  # beyond, it may be a newer emoji
        return character <= "\uffff"
    return character == "\ufffd" or (kind in ("Cc", "Co", "Cs") and ord(character) not in _SYMBOL_FONT)


def has_letters(text: str) -> bool:
    """Whether a text says something."""
    return len(_LETTER.findall(text)) >= _MIN_LETTERS


def _says_something(text: str) -> bool:
    return has_letters(text) or len(_DIGIT.findall(text)) >= _MIN_LETTERS or is_call(text)


def is_call(text: str) -> bool:
    """Whether a short text is a call for help. No alphabet shows one by chance."""
    return _call_in(text) != ""


def _call_in(text: str) -> str:
    """The letters of a short text that is a call for help, "" of any other."""
    if len(text) > _MAX_CALL:
        return ""
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(character for character in folded if character.isalnum())
    return letters if letters in _CALLS else ""


def has_many_letters(text: str) -> bool:
    """Whether a text has so many letters that they are no chance."""
    return len(_LETTER.findall(text)) >= _MIN_UNLIKELY


def is_plain(content: bytes) -> bool:
    """Whether bytes are nearly all printable ASCII, so that they are the same text in most alphabets."""
    text = content.decode("latin-1")
    return not _CONTROL.search(text) and sum(map(str.isascii, text)) >= _MIN_SHARE * len(text)


def looks_like_words(text: str) -> bool:
    """Whether a text looks like words in Latin letters, with emoji or without."""
    if _CONTROL.search(text):
        return False
    counted = text if text.isascii() else "".join(c for c in text if unicodedata.category(c) not in _UNCOUNTED)
    return bool(counted) and len(_WORDY.findall(counted)) >= _MIN_SHARE * len(counted)


def _looks_like_a_sentence(text: str) -> bool:
    return text.count(" ") > 1 and len(_LETTER.findall(text)) >= _MIN_SENTENCE and looks_like_words(text)


def with_signs_of_ascii(text: str) -> str:
    """A text in GSM 03.38 as its sender typed it, who may have meant ASCII.

    Nobody types the general sign of currency, or an inverted exclamation mark inside a word.
    """
    return text.translate(_ASCII_SIGNS) if _MEANT_AS_ASCII.search(text) else text


def without_invalid_escapes(content: bytes, codec: str = "gsm23.038") -> bytes:
    """GSM 03.38 with valid escapes only. A letter without an extension stands for itself (3GPP TS 23.038, 6.2.1.1)."""

    return _ESCAPED.sub(lambda found: _escape(found[0], codec), content)


@lru_cache(4096)
def _escape(pair: bytes, codec: str) -> bytes:
    try:
        pair.decode(codec)
    except UnicodeDecodeError:
        return pair[1:]
    return pair


def _plausible(content: bytes, *, is_text: bool = True, ignores: bool = True) -> Iterator[str]:
    """The readings of bytes, the likeliest first.

    `ignores`: also those without some bytes. `is_text` as in `better_readings`.
    """
    wide = (*_wide(content), *(_wide(content[1:]) if len(content) % 2 else ()))
    if not any(map(looks_like_words, wide)):
        yield from _with_ignored_bytes(content, (b"\0", b"\x1b", *(_IGNORED,) * is_text) if ignores else ())
    if is_call(text := content.replace(b"\0", b"").decode("latin-1")) and b"\0" in content:
        yield text
    yield from wide
    if max(content, default=0) < 0x80:
        yield from _wordy(without_invalid_escapes(content).decode("gsm23.038", "replace"))
        yield from _wordy(content.decode("ascii"))
        return
    yield from _wordy(content.decode("latin-1"))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        yield from () if _CONTROL.search(text) else (text,)
    yield from _ebcdic(content)
    if not _PLAIN_LETTER.search(content):
        yield from _unlikely(bytes(byte & 0x7F for byte in content).decode("ascii"))


def _ebcdic(content: bytes) -> Iterator[str]:
    """A text in the alphabet of mainframes, whose small letters are control characters in all others."""
    text = content.decode("cp037")
    if _CONTROL.search(content.decode("latin-1")) or text.isdecimal():
        yield from _wordy(text)
    else:
        yield from _unlikely(text)


def _with_ignored_bytes(content: bytes, kinds: Sequence[bytes]) -> Iterator[str]:
    """Texts with bytes that a phone shows as nothing or as a blank: some `kinds`, and form feeds as blanks."""
    for ignored in kinds:
        rest = content.translate(None, ignored)
        if len(content) - len(rest) > 3:
            yield from _wordy(_decoded(rest))
    if b" " not in content and len(_BREAKS.findall(text := content.decode("latin-1"))) > 3:
        yield from _wordy(_BREAKS.sub(" ", text))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _wide(content: bytes) -> Iterator[str]:
    """Texts in UTF-16 of scripts below U+2000, with punctuation and emoji."""
    odd = len(content) % 2
    halves = (content[::2], content[1::2])
    if any(map(_BREAK_BYTES.issuperset, halves)) and content.isascii() and not _CONTROL.search(content.decode("ascii")):
        return  # a letter a line, whose breaks are the first bytes of letters of India in UTF-16
    for codec, high, pairs in (
        ("utf-16-be", content[::2], content[: len(content) - odd]),
        ("utf-16-le", content[1::2], content + bytes(odd)),  # the last letter may lack its zero
    ):
        # Beyond U+2000 nearly every pair of bytes is a letter.
        plain = sum(byte < 0x20 for byte in high)
        beside = sum(byte in (0x20, 0x26, 0x27, 0xFE) or 0xD8 <= byte <= 0xDF for byte in high)
        if len(high) >= _MIN_WIDE and plain >= len(high) / 4 and plain + beside >= 0.9 * len(high):
            text = pairs.decode(codec, "replace")
            text = text.replace("\ufffd", "") if text.count("\ufffd") <= 2 + _MAX_BROKEN * len(text) else text
            letters = sum(map(str.isalnum, text))
            if not _CONTROL.search(text) and letters >= plain / 4 and (len(high) > _MIN_WIDE or text.isascii()):
                yield text


def _wordy(text: str) -> Iterator[str]:
    if looks_like_words(text):
        yield text


def _unlikely(text: str) -> Iterator[str]:
    """A text in an alphabet that is rare, only if it is long and its letters are those of words."""
    letters = _LETTER.findall(text)
    has_words = " " in text and len(letters) >= max(_MIN_UNLIKELY, len(text) / 2)
    has_words = has_words and len(_SWITCH.findall(text)) <= _MAX_ODD * len(letters)
    if is_call(text) or (
        has_words and len(_VOWEL.findall(text)) >= _MIN_VOWELS * len(letters) and looks_like_words(text)
    ):
        yield text


def _packed(parts: Sequence[bytes]) -> Iterator[str]:
    """Texts in packed septets, as in the air interface, where a header is followed by up to six bits of filling."""
    sizes = accumulate(map(len, parts))
    first = [part for part, size in zip(parts, sizes, strict=True) if size - len(part) < _PACKED_START]
    first[-1:] = [part[:_PACKED_START] for part in first[-1:]]
    for fill in range(7):
        if any(_unlikely("".join(unpacked_septets(part, fill) for part in first))):
            yield from _unlikely("".join(unpacked_septets(part, fill) for part in parts))


def _packed_words(value: bytes) -> Iterator[str]:
    """A sentence or a call for help in packed septets in a value that is no text, where chance makes neither."""
    for text in _packed([value]):
        if text.isascii() and (_looks_like_a_sentence(text) or (is_call(text) and len(text) >= _MIN_LETTERS)):
            yield text


def unpacked_septets(content: bytes, fill: int = 0) -> str:
    """A text in GSM 03.38 whose septets are packed behind `fill` bits (3GPP TS 23.038 section 6.1.2)."""
    shifted = (int.from_bytes(content, "little") >> fill).to_bytes(len(content), "little")
    septets = bytearray()
    for at in range(0, len(shifted), 7):
        bits = int.from_bytes(shifted[at : at + 7], "little")
        septets += bytes(bits >> shift & 0x7F for shift in range(0, 56, 7))
    del septets[(len(content) * 8 - fill) // 7 :]
    if (len(content) * 8 - fill) % 7 == 0 and septets[-1:] == b"\0":
        del septets[-1]  # seven bits of filling
    return septets.decode("gsm23.038", "replace")


def _new(texts: Iterable[str], declared: str) -> tuple[str, ...]:
    return tuple(text for text in texts if _is_new(text, declared))


def _is_new(text: str, declared: str) -> bool:
    """Whether a reading says something, and something else than the declared one."""
    declared = declared.strip()
    if text == declared or not _says_something(text):
        return False
    if call := _call_in(text):
        return call != _call_in(declared)
    if " " not in declared and text.count(" ") > 2:
        return True
    if text.count(" ") * 2 >= len(text) and "".join(text.split()) == "".join(declared.split()):
        return False  # the same letters, apart
    common = sum((Counter(text) & Counter(declared)).values())
    return common < _SAME * len(text) or len(declared) > 1.5 * len(text)
