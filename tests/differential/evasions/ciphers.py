"""Writings that a person must decode, by eye or with a tool, and letters drawn of characters."""

from __future__ import annotations

import base64
import binascii
import codecs
import random
import re
from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from PIL import Image, ImageDraw, ImageFont

Writing = Callable[[random.Random, str], str]

_NATO = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo "
    "Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
).split()
_EMOJI = "🍎🐝🐱🐶🥚🐟🦒🏠🍦🤹🔑🦁🌙🥜🐙🐧👸🌹🐍🐯☂🎻🌊❌🪀🦓"
_MORSE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
).split()
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_STRONG_LEET = dict(zip("abcdehiklmnortuvwxy", ["/-\\", "|3", "(", "|)", "3", "|-|", "1", "|<", "|_", "/\\/\\", "|\\|", "0", "|2",
                                               "7", "|_|", "\\/", "\\/\\/", "><", "`/"], strict=True))  # fmt: skip
_KEYPAD = {letter: (key, at) for key, letters in zip("23456789", "abc def ghi jkl mno pqrs tuv wxyz".split(), strict=True)
           for at, letter in enumerate(letters, 1)}  # fmt: skip
_COVER = (
    "practice on tuesday will begin at four in the gymnasium so please bring the signed form and a water bottle".split()
)


def _letters(text: str, written: Callable[[int], str], between: str = " ", words: str = "  ") -> str:
    return words.join(
        between.join(written(ord(letter) - 97) for letter in word if "a" <= letter <= "z")
        for word in text.lower().split()
    )


@cache
def _pixels(word: str) -> tuple[str, ...]:
    """A word in dots of a small font, one row a string."""
    font = ImageFont.load_default_imagefont()
    left, top, right, bottom = map(int, font.getbbox(word))
    picture = Image.new("1", (right - left + 1, bottom - top), 0)
    ImageDraw.Draw(picture).text((0, 0), word, fill=1, font=font)
    width, height = picture.size
    rows = tuple("".join("#" if picture.getpixel((x, y)) else " " for x in range(width)) for y in range(height))
    return tuple(row for row in rows)


def _lines(text: str, width: int = 12) -> list[str]:
    lines = [""]
    for word in text.encode("latin-1", "replace").decode("latin-1").split():
        if len(lines[-1]) + len(word) + 1 > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _banner(ink: str, ground: str) -> Callable[[str], str]:
    def write(text: str) -> str:
        rows = [row for line in _lines(text) for row in (*_pixels(line), "")]
        return "\n".join("".join(ink if dot == "#" else ground for dot in row).rstrip() for row in rows)

    return write


def _dots(text: str) -> str:
    """In dots of Braille, two by four in a character."""
    out = []
    for line in _lines(text, 24):
        rows = list(_pixels(line))
        rows += [" " * len(rows[0])] * (-len(rows) % 4)
        width = len(rows[0]) + len(rows[0]) % 2
        rows = [row.ljust(width) for row in rows]
        for top in range(0, len(rows), 4):
            signs = ""
            for left in range(0, width, 2):
                bits = 0
                for bit, (x, y) in enumerate(((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))):
                    bits |= (rows[top + y][left + x] == "#") << bit
                signs += chr(0x2800 + bits)
            out.append(signs)
    return "\n".join(out)


def _half_blocks(text: str) -> str:
    out = []
    for line in _lines(text, 20):
        rows = [*_pixels(line), " " * 200]
        for upper, lower in zip(rows[::2], rows[1::2], strict=False):
            out.append("".join(" ▀▄█"[(a == "#") + 2 * (b == "#")] for a, b in zip(upper, lower, strict=False)))
    return "\n".join(out)


def _banner_of_own_letters(text: str) -> str:
    out = []
    for word in text.split():
        for letter in word:
            out += [
                row.replace("#", letter).rstrip()
                for row in _pixels(letter.encode("latin-1", "replace").decode("latin-1"))
            ]
    return "\n".join(out)


def _base58(text: str) -> str:
    number, out = int.from_bytes(text.encode()), ""
    while number:
        number, digit = divmod(number, 58)
        out = _BASE58[digit] + out
    return out


def _xxencode(text: str) -> str:
    signs = "+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    lines = [
        binascii.b2a_uu(text.encode()[at : at + 45]).decode().rstrip("\n") for at in range(0, len(text.encode()), 45)
    ]
    body = "\n".join("".join(signs[(ord(sign) - 32) & 63] for sign in line) for line in lines)
    return f"begin 644 a.txt\n{body}\n+\nend\n"


def _uuencode(text: str) -> str:
    data = text.encode()
    return "begin 644 a.txt\n" + "".join(
        binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45)) + "`\nend\n"  # fmt: skip


def _roman(number: int) -> str:
    out = ""
    for value, sign in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        out += sign * (number // value)
        number %= value
    return out


def _acrostic_words(text: str) -> str:
    words = {word[0]: word for word in ("apple box cat dog egg fan gum hat ink jam kite lamp map net oak pen quiz rug sun top "
                                        "urn van win xray yam zoo").split()}  # fmt: skip
    return "\n".join(
        " ".join(words.get(letter, "and") for letter in word if letter in words) for word in text.lower().split()
    )


def _acrostic_lines(text: str) -> str:
    rest = "pple|ox|ave|one|very|our|ood|ere|tem|ust|ind|ast|ore|ext|nly|art|uiz|ead|ome|ake|nder|ery|ith|ray|ear|ero".split(
        "|"
    )
    return "\n".join(
        letter.upper() + rest[ord(letter) - 97] + " for practice" for letter in text.lower() if "a" <= letter <= "z"
    )


def _every_second(text: str) -> str:
    words = text.split()
    return " ".join(f"{word} {_COVER[at % len(_COVER)]}" for at, word in enumerate(words))


def _capitals(text: str) -> str:
    """The letters stand in capitals in a text about something else."""
    cover = (" ".join(_COVER) + " ") * 12
    out, at = [], 0
    for letter in filter(str.isalpha, text.lower()):
        place = cover.find(letter, at)
        if place < 0:  # no word of the text has it
            out.append(letter.upper())
            continue
        out.append(cover[at:place] + letter.upper())
        at = place + 1
    return "".join(out)


def _rail_fence(text: str) -> str:
    return text[::2] + text[1::2]


def _grid(text: str) -> str:
    letters = [letter for letter in text.upper() if letter.isalpha()]
    return "\n".join(" ".join(letters[at : at + 10]) for at in range(0, len(letters), 10))


def _columns(text: str) -> str:
    """Words from top to bottom, beside each other."""
    words = text.split()
    height = max(map(len, words))
    return "\n".join("  ".join(word.ljust(height)[row] for word in words).rstrip() for row in range(height))


def _shift_keys(text: str, step: int) -> str:
    table = {}
    for row in ("qwertyuiop[", "asdfghjkl;'", "zxcvbnm,./"):
        for at, letter in enumerate(row):
            if letter.isalpha():
                table[letter] = row[at + step] if 0 <= at + step < len(row) else letter
    return "".join(table.get(letter, letter) for letter in text.lower())


def _pig_latin(text: str) -> str:
    def word(plain: str) -> str:
        at = next((at for at, letter in enumerate(plain) if letter in "aeiou"), 0)
        return f"{plain[at:]}{plain[:at]}ay" if at else f"{plain}way"

    return " ".join(word("".join(filter(str.isalpha, plain))) for plain in text.lower().split())


def _syllables(text: str) -> str:
    return "".join(f"ob{letter}" if letter in "aeiou" else letter for letter in text.lower())


SEEN: dict[str, Callable[[str], str]] = {
    "banner of hashes": _banner("#", " "), "banner of blocks": _banner("█", " "), "banner of stars": _banner("*", "."),
    "banner of at signs": _banner("@@", "  "), "banner of squares": _banner("⬛", "⬜"), "banner of hearts": _banner("❤️", "🤍"),
    "banner of digits": _banner("1", "0"), "banner of letters": _banner("X", "_"), "banner of slashes": _banner("/", " "),
    "banner of shades": _banner("▓", "░"), "banner of wide blanks": _banner("■", "\u3000"),
    "banner of no breaks": _banner("o", "\u00a0"), "banner of words": _banner("no", "  "), "banner in dots": _dots,
    "banner in half blocks": _half_blocks, "banner of its letters": _banner_of_own_letters,
    "banner in a comment": lambda text: "\n".join(f"# {row}" for row in _banner("#", " ")(text).split("\n")),
    "banner without gaps": lambda text: "\n".join(filter(str.strip, _banner("*", " ")(text).split("\n"))),
    "letters in boxes": lambda text: "\n".join(f"+{'---+' * len(word)}\n| {' | '.join(word)} |" for word in text.split()),
    "capitals far apart": lambda text: " ".join(f"bring a bottle and the signed form to the hall {word.upper()}" for word in text.split()),
    "words between emoji": lambda text: " ".join(f"bring a bottle and the signed form 👉{word}👈" for word in text.split()),
    "strong leet": lambda text: "".join(_STRONG_LEET.get(letter, letter) for letter in text.lower()),
    "columns": _columns, "grid": _grid,
    "words backwards": lambda text: " ".join(reversed(text.split())),
    "markdown letters": lambda text: "".join(f"**{letter}**" if letter.isalpha() else letter for letter in text),
    "word and number": lambda text: " ".join(f"{word}{at}" for at, word in enumerate(text.split())),
}  # fmt: skip
"""Letters as a person sees them."""

PUZZLES: dict[str, Callable[[str], str]] = {
    "nato": lambda text: _letters(text, lambda at: _NATO[at]),
    "nato a line": lambda text: "\n".join(_letters(word, lambda at: _NATO[at]) for word in text.split()),
    "emoji by name": lambda text: _letters(text, lambda at: _EMOJI[at], ""),
    "dit dah": lambda text: _letters(
        text, lambda at: "-".join("dit" if sign == "." else "dah" for sign in _MORSE[at]), " ", " / "),
    "morse in emoji": lambda text: _letters(
        text, lambda at: _MORSE[at].replace(".", "⚪").replace("-", "⬛"), " ", " / "),
    "morse by lines": lambda text: _letters(text, lambda at: _MORSE[at], "\n", "\n/\n"),
    "morse in digits": lambda text: _letters(text, lambda at: _MORSE[at].replace(".", "0").replace("-", "1"), " ", " / "),
    "numbers with dashes": lambda text: _letters(text, lambda at: str(at + 1), "-", " "),
    "numbers by words": lambda text: _letters(text, lambda at: str(at + 1), ",", " / "),
    "two digits": lambda text: _letters(text, lambda at: f"{at + 1:02}", "", " "),
    "circled numbers": lambda text: _letters(text, lambda at: chr(0x2460 + at) if at < 20 else chr(0x3251 + at - 20), "", " "),
    "keycaps": lambda text: _letters(text, lambda at: "".join(f"{digit}\ufe0f\u20e3" for digit in str(at + 1)), " ", "  "),
    "roman": lambda text: _letters(text, lambda at: _roman(at + 1), " ", " / "),
    "tap code": lambda text: _letters(text, lambda at: f"{'.' * (at // 5 + 1)} {'.' * (at % 5 + 1)}", "  ", " / "),
    "polybius": lambda text: _letters(text, lambda at: f"{at // 5 + 1}{at % 5 + 1}", " ", "  "),
    "bacon": lambda text: _letters(text, lambda at: f"{at:05b}".replace("0", "a").replace("1", "b"), " ", "  "),
    "keypad": lambda text: " ".join("-".join(
        _KEYPAD[letter][0] * _KEYPAD[letter][1] for letter in word if letter in _KEYPAD) for word in text.lower().split()),
    "octal": lambda text: " ".join(f"{byte:03o}" for byte in text.encode()),
    "octal escapes": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "hexadecimal prefixes": lambda text: " ".join(f"0x{byte:02x}" for byte in text.encode()),
    "hexadecimal commas": lambda text: ", ".join(f"0x{byte:02X}" for byte in text.encode()),
    "hexadecimal dump": lambda text: "\n".join(
        f"{at:08x}  {text.encode()[at : at + 16].hex(' ')}" for at in range(0, len(text.encode()), 16)),
    "hexadecimal escapes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "unicode escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "code points": lambda text: " ".join(f"U+{ord(letter):04X}" for letter in text),
    "css escapes": lambda text: "".join(f"\\{ord(letter):x} " for letter in text),
    "perl escapes": lambda text: "".join(f"\\x{{{ord(letter):x}}}" for letter in text),
    "named escapes": lambda text: "".join(f"\\u{{{ord(letter):x}}}" for letter in text),
    "numbers in a list": lambda text: str(list(text.encode())),
    "char calls": lambda text: "&".join(f"CHAR({byte})" for byte in text.encode()),
    "chr calls": lambda text: "print(" + "+".join(f"chr({ord(letter)})" for letter in text) + ")",
    "from char codes": lambda text: f"String.fromCharCode({','.join(str(ord(letter)) for letter in text)})",
    "binary by letters": lambda text: "\n".join(f"{byte:08b}" for byte in text.encode()),
    "binary together": lambda text: "".join(f"{byte:08b}" for byte in text.encode()),
    "base16": lambda text: text.encode().hex(),
    "base16 in lines": lambda text: "\n".join(text.encode().hex()[at : at + 20] for at in range(0, 2 * len(text.encode()), 20)),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "base32hex": lambda text: base64.b32hexencode(text.encode()).decode(),
    "base58": _base58,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in words": lambda text: " ".join(base64.b64encode(word.encode()).decode() for word in text.split()),
    "base64 in short lines": lambda text: "\n".join(
        base64.b64encode(text.encode()).decode()[at : at + 8] for at in range(0, 4 * len(text.encode()) // 3 + 4, 8)),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 of utf-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "ascii85": lambda text: base64.a85encode(text.encode()).decode(),
    "ascii85 marked": lambda text: base64.a85encode(text.encode(), adobe=True).decode(),
    "uuencoded": _uuencode, "xxencoded": _xxencode,
    "quoted-printable": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "references in text": lambda text: "".join(f"&#x{ord(letter):X};" for letter in text),
    "references twice": lambda text: "".join(f"&amp;#{ord(letter)};" for letter in text),
    "percent in text": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent twice": lambda text: quote("".join(f"%{byte:02x}" for byte in text.encode())),
    "percent u": lambda text: "".join(f"%u{ord(letter):04X}" for letter in text),
    "utf-7": lambda text: "".join(f"+{base64.b64encode(letter.encode('utf-16-be')).decode().rstrip('=')}-" for letter in text),
    "encoded word": lambda text: f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?=",
    "data address": lambda text: f"data:text/plain;base64,{base64.b64encode(text.encode()).decode()}",
    "caesar 3": lambda text: "".join(
        chr((ord(letter) - 94) % 26 + 97) if "a" <= letter <= "z" else letter for letter in text.lower()),
    "rot13": lambda text: "".join(
        chr((ord(letter) - 84) % 26 + 97) if "a" <= letter <= "z" else letter for letter in text.lower()),
    "rot47": lambda text: "".join(
        chr(33 + (ord(letter) - 33 + 47) % 94) if "!" <= letter <= "~" else letter for letter in text),
    "atbash": lambda text: "".join(chr(219 - ord(letter)) if "a" <= letter <= "z" else letter for letter in text.lower()),
    "keys to the right": lambda text: _shift_keys(text, 1), "keys to the left": lambda text: _shift_keys(text, -1),
    "pig latin": _pig_latin, "ob": _syllables,
    "letters turned about": lambda text: text[::-1],
    "words turned about": lambda text: " ".join(word[::-1] for word in text.split()),
    "pairs turned about": lambda text: "".join(text[at : at + 2][::-1] for at in range(0, len(text), 2)),
    "ubbi dubbi": lambda text: re.sub("(?=[aeiouáéíóú])", "ub", text.lower()),
    "jeringonza": lambda text: re.sub("([aeiouáéíóú])", r"\1p\1", text.lower()),
    "robbers": lambda text: re.sub("([b-df-hj-np-tv-zñ])", r"\1o\1", text.lower()),
    "keypad with zeros": lambda text: " 0 ".join(" ".join(
        _KEYPAD[letter][0] * _KEYPAD[letter][1] for letter in word if letter in _KEYPAD) for word in text.lower().split()),
    "rot13 below a cover": lambda text: f"{' '.join(_COVER)}.\n\n{codecs.encode(text, 'rot13')}",
    "first letters last": lambda text: " ".join(
        word[1:] + word[0] for word in re.sub("[.,]", "", text.lower()).split()),
    "rail fence": _rail_fence, "capitals": _capitals, "every second word": _every_second,
    "first letters of words": _acrostic_words, "first letters of lines": _acrostic_lines,
    "without vowels": lambda text: "".join(letter for letter in text if letter.lower() not in "aeiouáéíóú"),
    "stars for vowels": lambda text: "".join("*" if letter.lower() in "aeiouáéíóú" else letter for letter in text),
    "braille of six": lambda text: _letters(text, lambda at: chr(0x2800 + (
        1, 3, 9, 25, 17, 11, 27, 19, 10, 26, 5, 7, 13, 29, 21, 15, 31, 23, 14, 30, 37, 39, 58, 45, 61, 53)[at]), "", " "),
    "tags": lambda text: "Practice" + "".join(chr(0xE0000 + ord(letter)) for letter in text if letter.isascii()) + " on Tuesday",
    "variation selectors": lambda text: "😀" + "".join(
        chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode()),
    "zero width bits": lambda text: "Practice" + "".join(
        "\u200b" if bit == "0" else "\u200c" for byte in text.encode() for bit in f"{byte:08b}"),
    "blanks for bits": lambda text: "Practice\n" + "\n".join(
        "".join(" " if bit == "0" else "\t" for bit in f"{byte:08b}") for byte in text.encode()),
}  # fmt: skip
"""Codes that take a table, a tool or a trick."""
