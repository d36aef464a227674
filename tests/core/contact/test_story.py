"""Stories: lines as they come, and the mails made of them."""

from __future__ import annotations

import json

import pytest

from gateway.core.contact.story import StoryError, mail_of, read_story
from gateway.core.mime.headers import HeaderSection
from tests.core.samples import CHICAGO

CHANNELS = ("mail", "sms")
LINE = {
    "at": "2026-10-06T21:14:00-05:00",
    "channel": "mail",
    "from": "a@x.example",
    "to": ["b@x.example"],
    "text": "Hi",
}


def read(*rows: dict[str, object]):
    return read_story([json.dumps(row) for row in rows], CHANNELS, CHICAGO)


def test_lines_are_read_in_order_and_empty_ones_are_skipped():
    first, second = read_story([json.dumps(LINE), "", json.dumps({**LINE, "to": "c@x.example", "in_reply_to": 1})],
                               CHANNELS, CHICAGO)  # fmt: skip
    assert (first.line, second.line, second.recipients, second.in_reply_to) == (1, 3, ("c@x.example",), 1)
    assert first.at == second.at == 1791339240


def test_a_time_without_an_offset_is_local():
    (message,) = read({**LINE, "at": "2026-10-06T21:14:00"})
    assert message.at == 1791339240


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"to": []}, '"to" is a list'),
        ({"to": [1]}, '"to" is a list'),
        ({"at": "yesterday"}, '"at" is a time such as'),
        ({"at": None}, '"at" is a time such as'),
        ({"cc": "b@x.example"}, "'cc' is not a key"),
        ({"channel": "fax"}, '"channel" is mail or sms'),
        ({"text": 5}, '"text" is a text'),
        ({"in_reply_to": 2}, "the number of an earlier line"),
        ({"in_reply_to": "1"}, "the number of an earlier line"),
    ],
)
def test_a_wrong_line_is_named(change: dict[str, object], error: str):
    with pytest.raises(StoryError, match=r"^line 1: ") as raised:
        read({**LINE, **change})
    assert error in str(raised.value)


def test_a_mail_has_the_fields_of_its_line():
    named = {**LINE, "from_name": 'Dana "D" Okafor', "subject": "Übung\nmorgen", "text": "Grüße", "in_reply_to": 1}
    _, message = read(LINE, named)
    section = HeaderSection.of(mail_of(message, CHICAGO, "x.example"))
    assert [(box.name, box.address) for box in section.mailboxes()] == [('Dana "D" Okafor', "a@x.example")]
    assert (section.subject, section.message_id) == ("Übung morgen", "<line-2@x.example>")
