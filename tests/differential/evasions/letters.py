"""Writings in letters of other scripts and in characters of Unicode: a person reads them as they are."""

from __future__ import annotations

import codecs
import random
from collections.abc import Callable

Writing = Callable[[random.Random, str], str]

_ALPHABETS = {
    "syllabics": "ᗩᗷᑕᗪEᖴGᕼIᒍKᒪᗰᑎOᑭᑫᖇՏTᑌᐯᗯ᙭Yᘔ",
    "yi": "ꍏꌃꉓꀸꍟꎇꁅꃅꀤꀭꀘ꒒ꂵꈤꂦꉣꆰꋪꌗ꓄ꀎꃴꅏꊼꌩꁴ",
    "thai and hebrew": "ค๒ς๔єŦﻮђเןкɭ๓ภ๏קợгรtยשฬאץչ",
    "hooks": "αႦƈԃҽϝɠԋιʝƙʅɱɳσρϙɾʂƚυʋɯxყȥ",
    "armenian": "ɑҍçժҽƒցհìʝҟӀʍղօքզɾʂէմѵաxվՀ",
    "tails": "ǟɮƈɖɛʄɢɦɨʝӄʟʍռօքզʀֆȶʊʋաӼʏʐ",
    "ethiopic": "ᏗᏰፈᎴᏋᎦᎶᏂᎥᏠᏦᏝᎷᏁᎧᎮᎤᏒᏕᏖᏬᏉᏇጀᎩፚ",
    "han": "卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙",
    "kana": "ﾑ乃cd乇ｷgんﾉﾌズﾚﾶ刀oｱq尺丂ｲu√wﾒﾘ乙",
    "african": "ƛƁƇƊЄƑƓӇƖʆƘԼMƝƠƤƢƦƧƬƲƔƜҲƳȤ",
    "strokes": "ⱥƀȼđɇfǥħɨɉꝁłmnøᵽꝗɍsŧᵾvwxɏƶ",
    "accents": "ĂβČĎĔŦĞĤĨĴĶĹМŃŐРQŔŚŤÚVŴЖŶŹ",
    "dots below": "ạḅcḍẹfgḥịjḳḷṃṇọpqṛṣṭụṿẉxỵẓ",
    "currency": "₳฿₵ĐɆ₣₲ⱧłJ₭Ⱡ₥₦Ø₱QⱤ₴₮ɄV₩ӾɎⱫ",
    "runes": "ᚨᛒᚲᛞᛖᚠᚷᚺᛁᛃᚲᛚᛗᚾᛟᛈqᚱᛊᛏᚢvᚹxyᛉ",
    "subscripts": "ₐbcdₑfgₕᵢⱼₖₗₘₙₒₚqᵣₛₜᵤᵥwₓyz",
    "small letters above": "ͣᷨͨͩͤᷫᷚͪͥjᷜᷝͫᷠͦᷮqͬᷤͭͧͮᷱͯyᷦ",
    "mirrored": "AdↃbƎꟻGHIJK⅃MᴎOꟼpЯƧTUVWXYZ",
}  # fmt: skip
_TURNED = str.maketrans("abcdefghijklmnopqrstuvwxyz.,'?!", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz˙',¿¡")
_LIGATURES = {"fi": "ﬁ", "fl": "ﬂ", "ff": "ﬀ", "st": "ﬆ", "ij": "ĳ", "nj": "ǌ", "lj": "ǉ", "dz": "ǳ", "c": "ⅽ", "d": "ⅾ", "m": "ⅿ",
              "x": "ⅹ", "v": "ⅴ", "i": "ⅰ", "l": "ⅼ"}  # fmt: skip
_RARE_INVISIBLE = (
    "\u206a", "\u206f", "\U0001d173", "\U0001d17a", "\ufff9", "\u2065", "\U000e0001", "\u17b4", "\u17b5", "\u1160",
    "\uffa0", "\u070f", "\u2061", "\u2064", "\ufe00", "\U000e0100", "\u200e", "\u200f", "\u202a", "\u202c", "\u2069", "\u180b",
    "\U000e007f", "\u08e2", "\U000110bd", "\U0001bca0", "\u2028", "\ufdd0", "\uffff", "\ufffc", "\ufffd",
)  # fmt: skip
_SIGNS = ("•", "^", ":", "+", "=", "~", "/", "\\", "§", "¦", "×", "♥", "🌸", "➖", "\u2011", "\u2027", "\u30fb", "\u3000", "\u00b6",
          "\u2003", "\u2022\u200b", "' '", "><", "…", "\t")  # fmt: skip


def _alphabet(name: str, letters: str) -> Writing:
    plain = "abcdefghijklmnopqrstuvwxyz"
    signs = list(letters)

    def write(_: random.Random, text: str) -> str:
        table = dict(zip(plain, signs, strict=True))
        base = "\u25cc" if name == "small letters above" else ""
        return "".join(base + table[letter] if letter in table else letter for letter in text.lower())

    write.__name__ = name
    return write


def _between(sign: str, in_words: bool) -> Writing:
    def write(_: random.Random, text: str) -> str:
        return "  ".join(sign.join(word) for word in text.split()) if in_words else sign.join(text)

    write.__name__ = f"{sign.encode('unicode-escape').decode()} {'in words' if in_words else 'everywhere'}"
    return write


def _simple(name: str, make: Callable[[str], str]) -> Writing:
    def write(_: random.Random, text: str) -> str:
        return make(text)

    write.__name__ = name
    return write


def _ligatures(text: str) -> str:
    for plain, sign in _LIGATURES.items():
        text = text.replace(plain, sign)
    return text


def _nested_overrides(text: str) -> str:
    return "\u202e" + " ".join(f"\u202d{word}\u202c" for word in reversed(text.split())) + "\u202c"


def _flags_together(text: str) -> str:
    return "".join(chr(0x1F1E6 + ord(letter) - 97) if "a" <= letter <= "z" else letter for letter in text.lower())


def _emoji_letters(text: str) -> str:
    table = {"a": "🅰️", "b": "🅱️", "o": "🅾️", "p": "🅿️", "m": "Ⓜ️", "i": "ℹ️", "x": "❌", "t": "✝️", "s": "💲", "!": "❗"}
    return "".join(table.get(letter, letter) for letter in text.lower())


def _backspaces(text: str) -> str:
    return "".join(f"{letter}q\b" if letter.isalpha() else letter for letter in text)


def _terminal(text: str) -> str:
    return "".join(f"\x1b[1m{letter}\x1b[0m" if letter.isalpha() else letter for letter in text)


def _zalgo(text: str) -> str:
    """With marks above and below, as generators of such text put them: letters of Latin are among the marks."""
    return "".join(
        letter + "".join(chr(0x300 + (7 * at + 13 * mark) % 0x70) for mark in range(6))
        for at, letter in enumerate(text)
    )


def _scrambled(text: str) -> str:
    return " ".join(
        word[0] + word[1:-1][::-1] + word[-1] if len(word) > 3 and word.isalpha() else word for word in text.split()
    )


def _hyphenated(text: str) -> str:
    return " ".join(f"{word[:2]}-\n{word[2:]}" if len(word) > 3 else word for word in text.split())


LETTERS: tuple[Writing, ...] = (
    *(_alphabet(name, letters) for name, letters in _ALPHABETS.items()),
    *(_between(sign, False) for sign in _RARE_INVISIBLE),
    *(_between(sign, True) for sign in _SIGNS),
    _simple("turned round", lambda text: text.lower().translate(_TURNED)[::-1]),
    _simple("mirror image", lambda text: text.translate(dict(zip(range(97, 123), "ɒdɔbɘʇǫʜiįʞlmnoqpɿƨƚuvwxγz", strict=True)))[::-1]),
    _simple("ligatures", _ligatures),
    _simple("nested overrides", _nested_overrides),
    _simple("words from the right", lambda text: "\u200f " + " \u200f".join(reversed(text.split()))),
    _simple("flags together", _flags_together),
    _simple("emoji letters", _emoji_letters),
    _simple("annotated", lambda text: f"\ufff9Practice on Tuesday\ufffa{text}\ufffb"),
    _simple("annotation of letters", lambda text: "".join(f"\ufff9{letter}\ufffax\ufffb" for letter in text)),
    _simple("backspaces", _backspaces),
    _simple("terminal codes", _terminal),
    _simple("alternating case", lambda text: "".join(
        letter.upper() if at % 2 else letter.lower() for at, letter in enumerate(text))),
    _simple("brackets", lambda text: " ".join("".join(f"[{letter}]" for letter in word) for word in text.split())),
    _simple("parentheses", lambda text: " ".join("".join(f"({letter})" for letter in word) for word in text.split())),
    _simple("tags around letters", lambda text: "".join(f"<b>{letter}</b>" if letter.isalpha() else letter for letter in text)),
    _simple("doubled", lambda text: "".join(letter * 2 if letter.isalpha() else letter for letter in text)),
    _simple("tripled", lambda text: "".join(letter * 3 if letter.isalpha() else letter for letter in text)),
    _simple("hyphenated", _hyphenated),
    _simple("line separators", lambda text: "\u2028".join(text.split())),
    _simple("next lines", lambda text: "\x85".join(text.split())),
    _simple("vertical tabs", lambda text: "\x0b".join(text.split())),
    _simple("carriage returns", lambda text: "\r".join(text.split())),
    _simple("nulls", "\0".join),
    _simple("a word a paragraph", lambda text: "\n\n\n".join(text.split())),
    _simple("quoted letters", lambda text: "\n".join(f"> {letter}" for letter in text if letter != " ")),
    _simple("quoted words", lambda text: "\n".join(f"> > {word}" for word in text.split())),
    _simple("numbered words", lambda text: "\n".join(f"{at}. {word}" for at, word in enumerate(text.split(), 1))),
    _simple("a table of words", lambda text: "|" + "|\n|".join(f" {at} | {word} " for at, word in enumerate(text.split(), 1)) + "|"),
    _simple("a list of letters", lambda text: "\n".join(f"* {letter}" for letter in text if letter.isalpha())),
    _simple("underscores for blanks", lambda text: text.replace(" ", "_")),
    _simple("dots for blanks", lambda text: text.replace(" ", "...")),
    _simple("slashes for blanks", lambda text: text.replace(" ", "/")),
    _simple("emoji for blanks", lambda text: text.replace(" ", "🔥")),
    _simple("zalgo", _zalgo), _simple("letters in another order", _scrambled),
    _simple("digits for letters", lambda text: text.translate(str.maketrans("aeiostlbgAEIOS", "4310$7186@3!0$"))),
    _simple("every fourth letter blank", lambda text: "".join(
        "_" if at % 4 == 2 and letter.isalpha() else letter for at, letter in enumerate(text))),
    _simple("letters between", "x".join),
    _simple("words in ROT13", lambda text: " ".join(
        codecs.encode(word, "rot13") if len(word) > 3 else word for word in text.split())),
    _simple("blanks after every fourth", lambda text: "".join(
        letter + " " * (at % 4 == 3) for at, letter in enumerate(text.replace(" ", "")))),
    _simple("a link a word", lambda text: " ".join(f"[{word}](https://a.example/{at})" for at, word in enumerate(text.split()))),
    _simple("no blanks", lambda text: "".join(filter(str.isalpha, text)).lower()),
    _simple("blanks at random", lambda text: "".join(
        letter + " " * (at % 3 == 2) for at, letter in enumerate(text.replace(" ", "")))),
    _simple("far to the right", lambda text: " " * 900 + text),
    _simple("far below", lambda text: "Practice on Tuesday." + "\n" * 900 + text),
    _simple("as a signature", lambda text: f"Practice on Tuesday.\n-- \n{text}"),
    _simple("as a header", lambda text: f"From: x\nSubject: {text}\nTo: y\n\nPractice"),
    _simple("as a disclaimer", lambda text: f"Practice on Tuesday.\n\nCONFIDENTIALITY NOTICE: {text} This e-mail is confidential."),
    _simple("behind a quote", lambda text: f"Thanks!\n\nOn Mon, 3 Nov 2025, Liam wrote:\n> ok\n> see you\n{text}\n> bye"),
    _simple("as a reply to itself", lambda text: f"-----Original Message-----\nFrom: Liam\nSubject: x\n\n{text}"),
)  # fmt: skip
