from __future__ import annotations

import random

import pytest

from gateway.core.mime.drawn_text.words import drawn_with_words, without_letters_over_blanks
from tests.core.mime.drawn_text.pixel_fonts import COVERS, FONTS, each

_WORDS = "the form and bottle for our trip to hall gym four please bring it all with".split()


def _is_drawn(text: str) -> bool:
    return drawn_with_words(text) or without_letters_over_blanks(text)[1]


def _any(row: str, dots: str, ground: str, between: str = "", seed: int = 1) -> str:
    """A row whose dots and ground are any of some words or signs."""
    chosen = random.Random(f"{seed} {row}")
    kinds = {"#": dots.split() if between else list(dots), " ": ground.split() if between else list(ground)}
    return between.join(chosen.choice(kinds[sign]) for sign in row)


def _letters_over_blanks(row: str) -> str:
    return _any(row, "abcdefghijklmnopqrstuvwxyz", " ").rstrip()


WAYS = {
    "two words": lambda row: each([row], "yes ", "not ")[0],
    "two words of other lengths": lambda row: each([row], "school ", "gym ")[0],
    "two words between commas": lambda row: each([row], "full,", "none,")[0],
    "two words in brackets": lambda row: each([row], "(heart)", "(sun)")[0],
    "two words between lines": lambda row: each([row], "dog_", "cat_")[0],
    "a word among others": lambda row: _any(row, "secret", " ".join(_WORDS), " "),
    "names of emoji": lambda row: each([row], ":black_large_square:", ":white_large_square:")[0],
    "names of many emoji": lambda row: _any(row, ":heart:", ":smile: :sun: :tree: :+1: :dog:", " "),
    "references": lambda row: each([row], "&#x2B1B;", "&#x2B1C;")[0],
    "named references": lambda row: each([row], "&hearts; ", "&nbsp; ")[0],
    "letters over blanks": _letters_over_blanks,
    "letters over wide blanks": lambda row: _letters_over_blanks(row).replace(" ", "\u00a0"),
    "capitals": lambda row: _any(row, "ABCDEFGHIKLMNOPRSTUVW", "abcdefghiklmnoprstuvw"),
    "digits": lambda row: _any(row, "0123456789", "abcdefghiklmnoprstuvw"),
    "another alphabet": lambda row: _any(row, "бвгджзийклмн", "abcdefghiklmnoprstuvw"),
}


def _marked(row: str) -> str:
    cover = COVERS["words"](len(row))
    return "".join(sign + ("\u0336" if dot == "#" else "") for sign, dot in zip(cover, row, strict=True))


WAYS["struck through"] = _marked


@pytest.mark.slow
@pytest.mark.parametrize("font", ["sticks", "large sticks"])
@pytest.mark.parametrize("way", WAYS)
def test_letters_of_words_and_letters_are_found(way: str, font: str) -> None:
    banner = "\n".join(map(WAYS[way], FONTS[font]))
    assert _is_drawn(f"Practice is at four.\n\n{banner}\n\nSee you.")
    quoted = "\n".join(f"> {row}" for row in banner.split("\n"))
    if way not in ("capitals", "digits", "another alphabet"):
        assert _is_drawn(quoted)


def _table(row: int) -> str:
    chosen = random.Random(row)
    return "  ".join(f"{chosen.randint(1, 9999):>5}" for _ in range(14))


def _base64(row: int) -> str:
    return "".join(random.Random(row).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=64))


ORDINARY = {
    "numbers": "\n".join(map(_table, range(30))),
    "names": "\n".join(f"{'Ana' * (row % 4):<12}{'Miller' * (row % 3):<20}{row}" for row in range(30)),
    "base64": "\n".join(map(_base64, range(30))),
    "dumps": "\n".join(f"{row:08x}  {random.Random(row).randbytes(16).hex(' ')}" for row in range(30)),
    "prose": "\n".join(COVERS["words"](70 + row % 7) for row in range(30)),
    "answers": "\n".join(" ".join(random.Random(row).choices(["yes", "no", "-"], k=14)) for row in range(30)),
    "votes": "\n".join(" ".join(random.Random(row).choices([":+1:", ":heart:", ":tada:"], k=9)) for row in range(30)),
    "code": "\n".join(f"{'    ' * (row % 3)}total[{row}] = row  # the  sum  of {row}" for row in range(30)),
    "keys": "\n".join(f"ORDER2026A{row:04}B77xZ9kLm{row * 7:03}" for row in range(30)),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_texts_draw_nothing(name: str) -> None:
    assert not _is_drawn(ORDINARY[name])


def test_letters_over_blanks_are_blanked() -> None:
    banner = "\n".join(map(_letters_over_blanks, FONTS["sticks"]))
    text = f"Practice is at four.\n\n{banner}\n\nSee you."
    shown, is_drawn = without_letters_over_blanks(text)
    assert is_drawn
    assert len(shown) == len(text)
    assert shown.split() == "Practice is at four. See you.".split()
