from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.core.mime.drawn_text.signs import without_drawn_letters
from gateway.core.mime.html import read_html
from tests.differential.evasions.check import HELP, SECRET
from tests.differential.evasions.ciphers import SEEN

_BANNERS = [name for name in SEEN if name.startswith("banner") and name != "banner of words"]


@pytest.mark.parametrize("name", _BANNERS)
def test_drawn_sentence_is_found_and_blanked(name: str) -> None:
    banner = SEEN[name]("Meet me alone tonight in the gym")
    text, is_drawn = without_drawn_letters(f"Practice is at four.\n{banner}\nSee you.")
    assert is_drawn
    assert len(text) == len(f"Practice is at four.\n{banner}\nSee you.")
    assert text.split() == "Practice is at four. See you.".split()


_NAMES = ("Anna", "Ben", "Clara", "Dan", "Edward")
ARRANGED: dict[str, Callable[[str], str]] = {
    "no empty rows": lambda banner: "\n".join(filter(str.strip, banner.split("\n"))),
    "comment": lambda banner: "\n".join(f"# {row}" for row in banner.split("\n")),
    "comment of two signs": lambda banner: "\n".join(f"// {row}" for row in banner.split("\n")),
    "quote": lambda banner: "\n".join(f"> {row}" for row in banner.split("\n")),
    "words before": lambda banner: "\n".join(f"row {row}" for row in banner.split("\n")),
    "names before": lambda banner: "\n".join(f"{_NAMES[at % 5]}: {row}" for at, row in enumerate(banner.split("\n"))),
    "words and numbers before": lambda banner: "\n".join(
        f"line no. {at} {row}" for at, row in enumerate(banner.split("\n"))
    ),
    "blanks behind": lambda banner: "\n".join(f"{row:160}" for row in banner.split("\n")),
    "words behind": lambda banner: "\n".join(f"{row:120} row" for row in banner.split("\n")),
    "words on both sides": lambda banner: "\n".join(f"left {row:120} the right" for row in banner.split("\n")),
    "empty rows between": lambda banner: banner.strip("\n").replace("\n", "\n\n"),
    "low letters": lambda banner: "\n".join(banner.split("\n")[::2]),
}


@pytest.mark.parametrize("arrange", ARRANGED)
@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("name", ["banner of hashes", "banner of blocks", "banner of stars", "banner of slashes"])
def test_drawn_sentence_is_found_however_its_rows_are_arranged(name: str, sentence: str, arrange: str) -> None:
    banner = ARRANGED[arrange](SEEN[name](sentence))
    assert without_drawn_letters(f"Practice is at four.\n{banner}\nSee you.")[1]


@pytest.mark.parametrize("form", ["<pre>{}</pre>", "<xmp>{}</xmp>", "<p style='white-space:pre'>{}</p>"])
@pytest.mark.parametrize("name", ["banner of hashes", "banner of stars", "banner of slashes"])
def test_drawn_sentence_is_found_in_a_page(name: str, form: str) -> None:
    page = read_html(f"<p>Practice is at four.</p>{form.format(SEEN[name](SECRET))}")
    assert without_drawn_letters(page.shown)[1]


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\n\n\n\nsee you.\n-- \n",
        "+----+----+\n|  1 |  2 |\n+----+----+\n|  3 |  4 |\n+----+----+\n",
        "=====\n-----\n*****\n#####\n",
        "1\n2\n3\n4\n5\n6\n",
        "> \n> \n> \n> yes\n> no\n",
        ' /\\_/\\\n( o.o )\n > ^ <\n(")_(")\n',
        "# a\n# b\n#\n# ----\n# ====\n# ----\n# ....\n",
        "",
    ],
)
def test_tables_rules_and_small_drawings_are_left_alone(text: str) -> None:
    assert without_drawn_letters(text) == (text, False)


SEPARATORS = [",", ";", "\t", " ", "|", ", ", " | ", '","', "."]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("sentence", [SECRET, HELP])
@pytest.mark.parametrize("signs", ["X.", "@-", "●○", "⬛⬜", "10", "# "])
def test_drawn_sentence_is_found_with_signs_between_its_dots(signs: str, sentence: str, separator: str) -> None:
    banner = SEEN["banner of digits"](sentence)
    width = max(map(len, banner.split("\n")))
    rows = [[signs[sign != "1"] for sign in row.ljust(width)] for row in banner.split("\n")]
    table = "\n".join(map(separator.join, rows))
    assert without_drawn_letters(table)[1]
    assert without_drawn_letters(f"{'.' * 60}\n{table}\n----")[1]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize(
    "rows",
    [
        ["1200", "3405", "5617", "8291", "1093"],
        ["ttff", "tftf", "fftt", "tfff"],
        ["--------------------"] * 3 + ["********************"] * 3,
        ["xxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxx..........", "xxxxxxxxxxxxxxx.....", "xxxxx..............."],
    ],
    ids=["numbers", "answers", "rules", "bars"],
)
def test_tables_with_signs_between_values_are_left_alone(rows: list[str], separator: str) -> None:
    text = "\n".join(map(separator.join, rows))
    assert without_drawn_letters(text) == (text, False)
