"""Letters that are marked among others, or that stand at edges, are read as the words that they spell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.extract.hidden_writing.picked_letters import picked_letters

SPELLED = ("meetmealonetonightdeletethis", "tengomiedodemipadrastroayudaporfavor")
COVER = (
    "the spring concert is on friday at seven and everybody should be in the band room by six with black shoes and a "
    "music folder because jazz comes first and quick groups follow then we have cake for the volunteers "
) * 12
MARKS: dict[str, Callable[[str], str]] = {
    "brackets": "[{}]".format,
    "parentheses": "({})".format,
    "stars": "*{}*".format,
    "bold": "**{}**".format,
    "quotes": "'{}'".format,
    "capitals": str.upper,
    "an accent": "{}\u0301".format,
    "a line below": "{}\u0332".format,
    "something invisible": "{}\u200b".format,
    "mathematical letters": lambda letter: chr(0x1D41A + ord(letter) - 97),
    "wide letters": lambda letter: chr(0xFF41 + ord(letter) - 97),
}
EDGES: dict[str, Callable[[str], str]] = {
    "first of words": lambda letters: " ".join(f"{letter}acht" for letter in letters),
    "last of words": lambda letters: " ".join(f"toc{letter}" for letter in letters),
    "first of lines": lambda letters: "\n".join(f"{letter}acht in the band room at noon" for letter in letters),
    "last of lines": lambda letters: "\n".join(f"the band room at noon toc{letter}" for letter in letters),
    "first of sentences": lambda letters: " ".join(f"{letter.upper()}acht is at noon." for letter in letters),
    "first of paragraphs": lambda letters: "\n\n".join(
        f"{letter.upper()}acht is at noon, bring shoes" for letter in letters
    ),
    "small among capitals": lambda letters: marked(letters, str.lower, str.upper),
    "capitals far apart": lambda letters: " ".join(
        f"on tu{letter.upper()}sday practice begins at four" for letter in letters
    ),
    "inner capitals": lambda letters: " ".join(f"pr{letter.upper()}ctice" for letter in letters),
}
GROUPS: dict[str, Callable[[str], str]] = {
    "as they stand": str,
    "backwards": lambda letters: letters[::-1],
    "shifted": lambda letters: "".join(chr((ord(letter) - 94) % 26 + 97) for letter in letters),
    "from the other end": lambda letters: "".join(chr(219 - ord(letter)) for letter in letters),
}
ORDINARY = (
    COVER[:200],
    "Dear parents,\n\nthe concert is on Friday at seven in the hall, and all are invited.\n\nBest,\nDana\n\nMs. Okafor",
    "1. (a) (b) (c) (d)\n2. (b) (c) (a) (d)\n3. (d) (a) (b) (c)\n4. (c) (d) (a) (b)\n5. (a) (c) (b) (d)",
    "Solve for (x) and (y): 2(x) + 3(y) = 7, (x) - (y) = 1. Then plot (a), (b), (c), (d), (e), (f), (g), (h), (i).",
    "Word search: find HELP, HOME, NIGHT, ALONE and SCHOOL among the letters of the grid, and mark them with a pencil.",
    "El concierto es el viernes a las siete en la sala grande y todas las familias de la escuela están invitadas.",
    "NEVER FORGET: McDonald, O'Neill, iPhone, eBay, YouTube, LaTeX, JavaScript, PowerPoint, MacBook, GitHub, FaceTime.",
)


def marked(letters: str, mark: Callable[[str], str], plain: Callable[[str], str] = str) -> str:
    """A text about something else with marks on these letters."""
    out, at = [], 0
    for letter in letters:
        place = COVER.index(letter, at)
        out += [plain(COVER[at:place]), mark(letter)]
        at = place + 1
    return "".join(out)


@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("mark", MARKS)
def test_marked_letters_are_read(mark: str, letters: str) -> None:
    assert letters in map(str.lower, picked_letters(marked(letters, MARKS[mark])))


@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("edge", EDGES)
def test_letters_at_edges_are_read(edge: str, letters: str) -> None:
    assert letters in map(str.lower, picked_letters(EDGES[edge](letters)))


@pytest.mark.parametrize("size", [1, 3, 5])
@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("kind", GROUPS)
def test_letters_in_groups_are_read(kind: str, letters: str, size: int) -> None:
    written = GROUPS[kind](letters * 2).upper()
    text = " ".join(written[at : at + size] for at in range(0, len(written), size))
    assert any(letters in said for said in picked_letters(text))


@pytest.mark.parametrize("letters", SPELLED)
@pytest.mark.parametrize("step", [2, 3])
def test_letters_between_others_are_read(step: int, letters: str) -> None:
    others = iter(COVER.replace(" ", "") * 2)
    text = "".join(letter + "".join(next(others) for _ in range(step - 1)) for letter in letters)
    text = " ".join(text[at : at + 7] for at in range(0, len(text), 7))
    assert any(letters in said for said in picked_letters(text))


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_says_nothing_more(text: str) -> None:
    assert picked_letters(text) == []
