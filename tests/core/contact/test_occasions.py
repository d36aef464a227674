"""Occasions in letters of outsiders to several students."""

from __future__ import annotations

import pytest

from gateway.core.contact.occasions import is_occasion


@pytest.mark.parametrize(
    "text",
    [
        "Emma's birthday party is Saturday October 17 at 4 pm at our house. Have your parents RSVP to me.",
        "Guys, campout is October 9 to 11. Meet at the church lot at 5. Bring rain gear.",
        "Game Sunday at 2, field 3. Wear the blue shirt.",
        "Están invitadas a la fiesta de cumpleaños de Ana el sábado a las 3. Sus papás también.",
        "I pick up all of you at 7:15, car pool as always.",
    ],
)
def test_an_occasion(text: str) -> None:
    assert is_occasion(text)


@pytest.mark.parametrize(
    "text",
    [
        "Saw you play on Friday. You are talented. I take pictures of athletes.",
        "Party at my place Saturday at 9, no parents, drinks are on me.",
        "Party Saturday at 9. Don't tell anybody.",
        "The game on Friday was great, send me a photo of you.",
        "Models wanted for Saturday, $200 each, pizza is free.",
        "We should meet.",
        "Fiesta el sábado, sin tus padres.",
    ],
)
def test_no_occasion(text: str) -> None:
    assert not is_occasion(text)
