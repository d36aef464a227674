"""Ways to write a sentence so that a person reads it and a program may not."""

from __future__ import annotations

import random
from collections.abc import Callable

Writing = Callable[[random.Random, str], str]

_CYRILLIC = str.maketrans("aceopxyiTHKMAE", "асеорхуіТНКМАЕ")
_GREEK = str.maketrans("oviauptk", "ονιαυρτκ")
_LEET = str.maketrans("aeiost", "4310$7")
_SMALL_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ")
_SUPERSCRIPT = str.maketrans("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ")
_TURNED = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz")
_BRAILLE = str.maketrans("abcdefghijklmnopqrstuvwxyz ", "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵⠀")
_CHEROKEE = str.maketrans("tesmhgaw", "ꭲꭼꮪꮇꮒꮐꭺꮃ")
_FULLWIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_MATH = (0x1D400, 0x1D434, 0x1D468, 0x1D4D0, 0x1D56C, 0x1D5A0, 0x1D5D4, 0x1D608, 0x1D63C, 0x1D670)
_MARKS = "\u0300\u0301\u0308\u0323\u0331\u0334\u0336\u0337\u0338\u0489\u20dd\u20e0"
_INVISIBLE = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\ufeff", "\u034f", "\u180e", "\u2063", "\u115f", "\u3164",
    "\ufe0f", "\U000e0020", "\u061c", "\u2800",
)  # fmt: skip


def plainly(_: random.Random, text: str) -> str:
    """As it is."""
    return text


def mathematical(rng: random.Random, text: str) -> str:
    """In mathematical letters."""
    base = rng.choice(_MATH)
    return "".join(
        chr(base + ord(letter) - 65)
        if "A" <= letter <= "Z"
        else chr(base + 26 + ord(letter) - 97)
        if "a" <= letter <= "z" and not (base == 0x1D434 and letter == "h")
        else letter
        for letter in text
    )


def enclosed(rng: random.Random, text: str) -> str:
    """In letters inside circles or boxes."""
    base, small = rng.choice([(0x24B6, 0x24D0), (0x1F150, 0), (0x1F170, 0), (0x1F130, 0), (0x249C, 0)])
    if base == 0x249C:
        return "".join(chr(base + ord(letter) - 97) if "a" <= letter <= "z" else letter for letter in text.lower())
    return "".join(
        chr(small + ord(letter) - 97)
        if small and "a" <= letter <= "z"
        else chr(base + ord(letter.upper()) - 65)
        if letter.isascii() and letter.isalpha()
        else letter
        for letter in text
    )


def flags(_: random.Random, text: str) -> str:
    """In the letters of flags, apart so that no flags appear."""
    return "".join(
        chr(0x1F1E6 + ord(letter.upper()) - 65) + "\u200b" if letter.isascii() and letter.isalpha() else letter
        for letter in text
    )


def invisible(rng: random.Random, text: str) -> str:
    """With an invisible character in its words."""
    mark = rng.choice(_INVISIBLE)
    return mark.join(text) if rng.random() < 0.5 else "".join(
        letter + (mark if letter.isalpha() and rng.random() < 0.4 else "") for letter in text
    )  # fmt: skip


def marked(rng: random.Random, text: str) -> str:
    """With combining marks on its letters."""
    some = rng.sample(_MARKS, 3)
    return "".join(
        letter + "".join(rng.choice(some) for _ in range(rng.randint(1, 6))) if letter.isalpha() else letter
        for letter in text
    )


def struck(rng: random.Random, text: str) -> str:
    """With one combining mark on every letter, as of underlined or struck text."""
    mark = rng.choice("\u0332\u0333\u0335\u0336\u0337\u0338\u035f\u20e3\u20e4")
    return "".join(letter + mark if letter.isalpha() else letter for letter in text)


def reversed_by_override(_: random.Random, text: str) -> str:
    """Backwards, and turned round by an override of direction."""
    return f"\u202e{text[::-1]}\u202c"


def words_by_override(_: random.Random, text: str) -> str:
    """Each word backwards behind an override of direction."""
    return " ".join(f"\u202e{word[::-1]}\u202c" for word in text.split())


def isolated(_: random.Random, text: str) -> str:
    """With marks of direction between the letters."""
    return "\u2068".join(text).replace("\u2068 \u2068", " ") if len(text) < 400 else text


def backwards(_: random.Random, text: str) -> str:
    """Backwards, for whoever knows."""
    return text[::-1]


def spaced(rng: random.Random, text: str) -> str:
    """Its letters apart."""
    mark = rng.choice([" ", ".", "-", "_", "*", "·", "\u2009", "\u00a0", "|", "~"])
    return ("   " if mark == " " else " ").join(mark.join(word) for word in text.split())


def without_blanks(_: random.Random, text: str) -> str:
    """Without blanks, every word with a capital."""
    return "".join(word.capitalize() for word in text.split())


def mapped(table: dict[int, int] | dict[int, str], name: str, lower: bool = True) -> Writing:
    """In other letters, by a table."""

    def write(_: random.Random, text: str) -> str:
        return (text.lower() if lower else text).translate(table)

    write.__name__ = name
    return write


def mixed_scripts(rng: random.Random, text: str) -> str:
    """With some letters of another alphabet that look alike."""
    other = text.translate(rng.choice([_CYRILLIC, _GREEK]))
    return "".join(rng.choice(pair) for pair in zip(text, other, strict=True))


def column(_: random.Random, text: str) -> str:
    """One letter a line."""
    return "\n".join(letter for letter in text if letter != " ")


def word_a_line(_: random.Random, text: str) -> str:
    """One word a line."""
    return "\n".join(text.split())


def acrostic(_: random.Random, text: str) -> str:
    """One letter at the start of each line, set off from other words."""
    return "\n".join(f"{letter.upper()} | lesson {number}" for number, letter in enumerate(text.replace(" ", ""), 1))


def entities(rng: random.Random, text: str) -> str:
    """As numeric references, which a plain text does not resolve but people can paste."""
    return "".join(f"&#{ord(letter)};" if rng.random() < 0.7 and letter != " " else letter for letter in text)


def percent(_: random.Random, text: str) -> str:
    """Percent-encoded in a link."""
    return "https://riverbend.example/?q=" + "".join(f"%{ord(letter):02X}" for letter in text)


def in_a_link(rng: random.Random, text: str) -> str:
    """As the words of a link."""
    words = text.replace("'", "").replace(",", "").replace(".", "").lower().split()
    return rng.choice(
        [
            "https://riverbend.example/" + "-".join(words),
            "https://riverbend.example/?note=" + "+".join(words),
            "mailto:a@riverbend.example?subject=" + "%20".join(words),
            "mailto:a@riverbend.example?body=" + "%20".join(words),
            "https://" + "-".join(words[:6]) + ".example/" + "_".join(words[6:]),
            "https://riverbend.example/#" + "/".join(words),
            "sms:5155550100?body=" + "%20".join(words),
        ]
    )


WRITINGS: tuple[Writing, ...] = (
    plainly, plainly, plainly, plainly, mathematical, enclosed, flags, invisible, marked, struck, reversed_by_override,
    words_by_override, isolated, backwards, spaced, without_blanks, mixed_scripts, column, word_a_line, entities,
    percent, in_a_link, mapped(_CYRILLIC, "cyrillic", lower=False), mapped(_GREEK, "greek"), mapped(_LEET, "leet"),
    mapped(_SMALL_CAPITALS, "small_capitals"), mapped(_SUPERSCRIPT, "superscript"), mapped(_TURNED, "turned"),
    mapped(_BRAILLE, "braille"), mapped(_FULLWIDTH, "fullwidth", lower=False), mapped(_CHEROKEE, "cherokee"),
)  # fmt: skip
