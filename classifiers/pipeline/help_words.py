"""Texts that are nothing but a word that calls for help: help, sos, 911, 988, ayuda, auxilio, socorro, aide.

Such a text is too short for the models, so a rule finds it. Case, spaces, punctuation, invisible characters, and
repeated letters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress

from classifiers.extract.hidden_writing.other_letters.phone_keys import KEY_OF_LETTER, letter_of_key
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.borrowed_letters import by_shape
from classifiers.normalize.plain_letters import plain_letters
from classifiers.normalize.unicode_styles import MIRRORED, MIRRORED_ONLY, TURNED, TURNED_ONLY, latin_letter
from classifiers.pipeline.coded_calls import REPEATED, said_in_code
from classifiers.pipeline.help_detection import HELP_KINDS
from classifiers.pipeline.texts import PipelineText
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import HELP, Finding

CUE = "help-word"
"""The cue of a finding by this rule."""

SCORE = 0.99
_MAX_LENGTH, _MAX_PARAGRAPHS = 120, 60
_CALLS = tuple(
    """
    help h3lp hlep hepl halp hlp sos s0s 911 988 9l1 nineoneone nineeightyeight emergency
    ayuda ayude ayuden auxilio socoro s0coro emergencia esunaemergencia nueveunouno nueveonce
    aidez aidemoi aidezmoi ausecours ajuda tulong saklolo edemwen помогите ساعدوني 救命
""".split()
)
"""Words that call for help, after repeated letters became one. Families write some words in their own languages."""
_CALLS_ALONE = frozenset({"aide"})
"""Words that call for help where nothing stands beside them: a student may work as an aide."""
_BESIDE = tuple(
    """
    me us please pls plz now cal text i im we a ned somebody someone anyone asap urgent ok sir mam
    porfavor porfa porfis porfas favor ya necesito ocupo nos lame lamen lama marque marquen marca al urgente rapido
    alguien pronto yo imhere estoyaqui
""".split()
)
"""Words that may stand beside them."""
_WORD_OF_KEYS = {word.translate(KEY_OF_LETTER): word for word in (*_BESIDE, *_CALLS, "please") if word.isalpha()}
_TITLES = "mr|mrs|ms|miss|mister|coach|teacher|dr|sir|sr|sra|srta|profe|maestr[oa]|senor(?:a|ita)?|se\u00f1or(?:a|ita)?"
_TITLE = re.compile(rf"\b(?:{_TITLES})\b\.?", re.IGNORECASE)
_NAMED_TITLE = re.compile(rf"{_TITLE.pattern} {{1,2}}[^\W\d_]{{2,20}}", re.IGNORECASE)
_PLACE = re.compile(r"https?://\S{0,60}\b(?:maps|waze|location)\b\S*")
"""A link to where somebody is."""
_EXCLAIMED = re.compile(r"!1++")
_DATE = re.compile(r"9\s?/\s?11")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*+\n|\r(?!\n)|[^\S\n]{8,}+")
"""What stands between paragraphs of a text, and a gap that moves words out of sight."""
_MARKUP = re.compile(r"<[^<>\n]{1,200}>|\[/?[A-Za-z]{1,10}\]")
_FIELDS, _MIN_FIELD = re.compile(r"[\n:;,|<>\t]++"), 5
"""What stands between the fields of a file, and the letters of a call that is one: names in lists are shorter."""
_MARK = re.compile(
    r"\A\s*+(?:[(\[]?\d{1,2}\s?(?:of|de|/)\s?\d{1,2}[)\]]?[:.]?|\d{1,2}[.)]|(?:re|fwd?|rv)\s?:)\s++", re.IGNORECASE
)
"""How a carrier or an application marks a part of a text, an answer or a text that is passed on."""
_SIGN_OF_SOS = "\U0001f198"
_TAGS = 0xE0000
"""What is between an invisible tag and its letter."""
_MAX_FILE = 4_000
"""Characters of a file whose fields are looked at."""
_KEYS = re.compile(r"(?>([2-9])\1{0,3}+[ .,/|-]{0,3}+){3,40}")
_SAME_KEY = re.compile(r"([2-9])\1*+")
_PRESSED, _MIN_PRESSED = re.compile(r"[2-9]{2,9}(?: [2-9]{2,9}){0,5}"), 6
"""Words in the digits on whose keys their letters are, pressed once each, and digits of such a call."""


def help_word_findings(
    annotated: Sequence[tuple[PipelineText, TextAnnotations]], direction: str, channel: str = ""
) -> tuple[Finding, ...]:
    """One finding for each text that is only a call for help. None if no student can have written the message.

    `channel`: of a text message, a paragraph is enough, and so is a file. Other readings of its bytes are paragraphs.
    """
    if direction == Direction.STAFF_TO_STUDENT:
        return ()
    is_text = channel == SMS
    return tuple(
        Finding(HELP, SCORE, "lexicon", tuple(text.spans(0, len(text.text))), CUE)
        for text, _ in annotated
        if (text.kind in HELP_KINDS and (_is_call(text) or (is_text and _has_call(text))))
        or (text.kind is PassageKind.ATTACHED and is_text and (_is_call(text) or _has_field(text)))
    )


def is_help_word(text: str) -> bool:
    """Whether a text is nothing but words that call for help, with a name that is called or without."""
    if any(map(_are_calls, said_in_code(text))):
        return True
    text = _PLACE.sub(" ", text) if "://" in text else text
    if len(text) > _MAX_LENGTH:
        return False
    if text.strip(" \t\r\n.,!?").casefold() in _CALLS_ALONE:
        return True
    folded = _DATE.sub("date", unicodedata.normalize("NFKC", text))
    shown = (folded, folded.replace(_SIGN_OF_SOS, " sos "), _EXCLAIMED.sub("!", folded), _TITLE.sub(" ", folded),
             _NAMED_TITLE.sub(" ", folded), _MARK.sub("", folded), _MARKUP.sub("", folded))  # fmt: skip
    return any(map(_are_calls, dict.fromkeys(shown))) or any(map(_are_calls, _disguised(text)))


def _disguised(text: str) -> Iterator[str]:
    """What a short text says that is written in turned or mirrored letters, tags, bytes with a high bit, or keys.

    A text of one word has fewer of such letters than one that is read in them whole.
    """
    lowered = text.casefold()
    if not text.isascii():
        if any(map(lowered.__contains__, TURNED_ONLY)):
            yield "".join(TURNED.get(letter, letter) for letter in reversed(lowered))
        if any(map(lowered.__contains__, MIRRORED_ONLY)):
            plain = "".join(MIRRORED.get(letter, letter) for letter in lowered)
            yield from (plain, plain[::-1])
        if tags := "".join(chr(ord(letter) - _TAGS) for letter in text if _TAGS < ord(letter) < _TAGS + 0x7F):
            yield tags
        with suppress(UnicodeError):
            yield "".join(chr(byte & 0x7F) for byte in text.encode("latin-1"))
        yield "".join(latin_letter(letter) or letter for letter in plain_letters(lowered))
        yield "".join(map(by_shape, text))
    if _PRESSED.fullmatch(pressed := text.strip()) and " " in pressed and len(pressed) > _MIN_PRESSED:
        yield " ".join(_WORD_OF_KEYS.get(word, word) for word in pressed.split())
    if (keys := _KEYS.fullmatch(text.strip())) is not None:
        yield "".join(letter_of_key(run[1], len(run[0])) or "?" for run in _SAME_KEY.finditer(keys[0]))


def _are_calls(text: str) -> bool:
    folded = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(_ascii(character) for character in folded if character.isalnum())
    letters = REPEATED.sub(r"\1", letters)
    if not any(call in letters for call in _CALLS):
        return False
    reached = {0: False}  # the ends of words, and whether a call is among those before
    for at in range(len(letters)):
        if at in reached:
            for words, is_call in ((_CALLS, True), (_BESIDE, False)):
                for start in (at, at - 1):  # the last letter of a word may have been the first of the next one too
                    for end in [start + len(word) for word in words if start >= 0 and letters.startswith(word, start)]:
                        reached[end] = reached.get(end, False) or is_call or reached[at]
    return reached.get(len(letters), False)


def _is_call(text: PipelineText) -> bool:
    """Whether a text is only a call for help, as received or as normalized.

    Of other readings and of files one is enough. A subject alone is not: students write "Help" above a question.
    """
    received = [passage.text for _, passage, _ in text.pieces]
    alone = received if text.kind in (PassageKind.OTHER, PassageKind.ATTACHED) else []
    return any(map(is_help_word, [text.text, " ".join(received), *alone]))


def _has_call(text: PipelineText) -> bool:
    """Whether a paragraph of a text is only a call for help."""
    paragraphs = [paragraph for _, passage, _ in text.pieces for paragraph in _PARAGRAPHS.split(passage.text)]
    return any(map(is_help_word, paragraphs[:_MAX_PARAGRAPHS]))


def _has_field(text: PipelineText) -> bool:
    """Whether a line or field of a file is a call for help of several words."""
    received = (passage.text[:_MAX_FILE] for _, passage, _ in text.pieces)
    fields = (field.strip() for file in received for field in _FIELDS.split(file))
    return any(_are_calls(field) for field in fields if " " in field and _MIN_FIELD < len(field) <= _MAX_LENGTH)


def _ascii(character: str) -> str:
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)
