from __future__ import annotations

import pytest

from classifiers.extract.hidden_writing.drawn_letters import without_drawn_letters
from tests.differential.evasions.ciphers import SEEN

_BANNERS = [name for name in SEEN if name.startswith("banner") and name != "banner of words"]


@pytest.mark.parametrize("name", _BANNERS)
def test_drawn_sentence_is_found_and_blanked(name: str) -> None:
    banner = SEEN[name]("Meet me alone tonight in the gym")
    text, is_drawn = without_drawn_letters(f"Practice is at four.\n{banner}\nSee you.")
    assert is_drawn
    assert len(text) == len(f"Practice is at four.\n{banner}\nSee you.")
    assert text.split() == "Practice is at four. See you.".split()


@pytest.mark.parametrize(
    "text",
    [
        "Dear all,\n\n\n\nsee you.\n-- \n",
        "+----+----+\n|  1 |  2 |\n+----+----+\n|  3 |  4 |\n+----+----+\n",
        "=====\n-----\n*****\n#####\n",
        "1\n2\n3\n4\n5\n6\n",
        "> \n> \n> \n> yes\n> no\n",
        ' /\\_/\\\n( o.o )\n > ^ <\n(")_(")\n',
        "",
    ],
)
def test_tables_rules_and_small_drawings_are_left_alone(text: str) -> None:
    assert without_drawn_letters(text) == (text, False)
