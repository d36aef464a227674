"""Letters of other alphabets that web pages for "fancy" text borrow for their shapes: Thai, Hebrew, Georgian, Kanji.

They are letters of living languages, and some stand for one letter in one style and for another elsewhere. They are
read by their shapes only in a text that then is in words.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from classifiers.normalize.confusables import LOOK_ALIKES
from classifiers.normalize.unicode_styles import STYLED, latin_letter

_SHAPES = {
    "a": "ΛΔДӓߊคႠልᏗᗩᚨᥲⴰ卂ꍏꗅꞛꬰﾑ𝛼⍺", "b": "ɮβБвьҍ๒ႦጌᏰᛒⴱ乃ꌃꔀ𝛽", "c": "¢ςҁႺᄃርፈᑕᚲᥴⵛ匚ꉓㄷ",
    "d": "δߘ๔ႻძዕᎴᛞⴷꀸꕒ", "e": "ΣΞЭѐႤቿᏋᛖᥱⴻ乇ꍟꗒ𝜀⍷ㅌ", "f": "ŦʄӺߓჶቻᎦᚠⴼ千ꎇꗡｷ", "g": "ኗᎶⴳꁅﻮ",
    "h": "ΉнђߤႹዘᚺⵀん卄ꃅꖅ", "i": "łїߌเႨጎᛁⵉ丨ꀤꓲꕯﾉ𝜄⍳ㅣ", "j": "ןנႱጋᏠᛃⵊꀭﾌ", "k": "ҜҝҟӄႵጕᚴⴽズꀘꗪ𝜅",
    "l": "ӀӏߟᄂረᏝᛚᥣⵍㄥ꒒ꖶﾚ", "m": "ʍм๓Ⴖጠᛗⵎ爪ꂵꔳ꧑ﾶ", "n": "ЙПΠӣղߣภႬክᏁᑎᚾᥒⵏ几刀ꈤꖕ𝜂ㄇ",
    "o": "ФΦΘΩѳӨ๏ႭዐᎧᛟ᥆ㄖꂦꖴ𝜊⍥ㅇ", "p": "քקߔႴየᎮᛈ₱⍴ⵒ卩ꉣꕘｱ𝜌", "q": "ዒᎤᑫợⵇꆰ", "r": "®ЯߙႰዪᚱⵔ尺ꋪꖇ",
    "s": "ֆߛรႽነᔕᛊⵙ丂ꌗꕷㄎ", "t": "ՇէߕፕᏖᛏ†ⵜㄒ꓄ꔋｲ𝜏⊤ㅜ", "u": "ʊЦմߎยႮሁᏬᚢᥙᵾⵓㄩꀎꕰ𝜐⊔", "v": "ʋשႸሀᏉᚡ√ⵠꃴꕙꝩ𝜈",
    "w": "ШЩ௶ฬሠᏇᗯᚹ₩ⵡ山ꅏꗛ𝜔⍵", "x": "×ЖҳӼӽӾאႿሸጀ᙭ⵅ乂ꊼꖾﾒ𝜒", "y": "Ψўվץߦሃᛦⵢㄚꌩꕿﾘ𝛾", "z": "ՀչႪጊፚᘔᛉⵣ乙ꁴꖻ",
}  # fmt: skip
BORROWED = {look: plain for plain, looks in _SHAPES.items() for look in looks if not look.isascii()}
_BY_SHAPE = {look: plain for look, plain in LOOK_ALIKES.items() if plain.isalpha()} | BORROWED
_TABLE = str.maketrans(STYLED | _BY_SHAPE)
_LAST_LATIN = "\u024f"
"""The last letter of those that languages of Europe write."""
_WORD = re.compile(r"[^\s.,;:?!¡¿()\"]{3,24}")
_MIN_BORROWED, _MAX_WORDS = 8, 80
"""Borrowed letters of a text, and words of it that are looked at."""
_MIN_READ, _MIN_SHARE = 4, 0.6
"""Different words with such letters that are words when they are read by their shapes, and the share of them."""


def letters_by_shape(text: str, known: Collection[str]) -> dict[str, str]:
    """Letters that look like plain ones to those, if a text in borrowed letters is then in words; else nothing."""
    if text.isascii() or sum(char in BORROWED for char in text) < _MIN_BORROWED:
        return {}
    words = {word for word in _WORD.findall(text) if not word.isascii() and not BORROWED.keys().isdisjoint(word)}
    chosen = sorted(words)[:_MAX_WORDS]
    read = sum(_plain(word) in known for word in chosen)
    if read < max(_MIN_READ, _MIN_SHARE * len(chosen)):
        return {}
    return {char: plain for char in set(text) if char > _LAST_LATIN and (plain := latin_letter(char))} | _BY_SHAPE


def by_shape(char: str) -> str:
    """The plain letter that another letter looks like; the letter itself if there is none."""
    plain = char.translate(_TABLE)
    return plain if plain.isascii() else latin_letter(plain) or plain


def _plain(word: str) -> str:
    return "".join(map(by_shape, word)).lower()
