"""Links: hosts as they are written, also where the normalization has separated the words of an address."""

from __future__ import annotations

import pytest

from classifiers.pipeline.classifier import load
from tests.classifiers.sample_messages import one, sms


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("Look at https://mathquest.io/set/12 tonight", {"mathquest.io"}),
        ("Look at https://quizlet.com/join/our/class tonight", {"quizlet.com"}),
        ("Look at quizlet.com/join/our/class tonight", {"quizlet.com"}),
        ("Go to kahoot.it now", {"kahoot.it"}),
        ("Meet at zoom.us/j/123 at noon", {"zoom.us"}),
        ("See https://ames.k12.ia.us/menu and https://iowa.gov/a", set()),
        ("Look at https://bit.ly/abc", {"shortener:bit.ly"}),
        ("Join our Remind, code k4d2", {"invitation:remind"}),
        ("Tell us what to do. It is late", set()),
    ],
)
def test_link_is_found(text: str, cues: set[str]) -> None:
    found = one(load(), sms(text)).findings
    assert {finding.cue for finding in found if finding.clause == "2"} == cues
