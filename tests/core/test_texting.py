"""What a text keeps of what nobody here has read."""

from __future__ import annotations

import pytest

from gateway.core.texting import lacking
from gateway.core.twilio import kept

FORM = (("From", "+15155550199"), ("Body", "MediaUrl"), ("MediaUrl", ""))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), ()),
        ((("MediaUrl0", "https://media.example/1"),), ("unreadable",)),
        ((("MediaUrl", "https://media.example/1"), ("MediaUrl", "https://media.example/2")), ("unreadable",)),
        ((("ContentSid", "HX1"),), ("unreadable",)),
    ],
)
def test_pictures_and_templates_are_never_clean(more, words):
    for kind in ("form", "json"):
        assert lacking(kept((*FORM, *more), kind)) == words


def test_a_status_and_a_message_lack_nothing():
    assert lacking(("status", "form")) == lacking(("BODY=8BITMIME", "MediaUrl=x")) == lacking(()) == ()
