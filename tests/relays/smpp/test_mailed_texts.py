"""Long texts to and from a gateway between texts and mail, of which only the first part names the mailbox."""

from __future__ import annotations

import itertools

import pytest

from gateway.core.channels.smpp_pdu import Command, SmppText, parse_c_string, read_text
from gateway.core.messages.parties import AccountBasis, Direction, Pair, Relation
from gateway.relays.smpp.mailed_texts import MailedTexts
from tests.peers.smpp_ends import body, esme, parts
from tests.relays.sms_gateway import HELD_TEXT, HELP_TEXT, OUTSIDE_PHONE, TEACHER_LINE, SmsGateway
from tests.stories.gateway import eventually

UDHI = 0x40
GATEWAY, MAILBOX = "121212", "liam.whitcomb@students.riverbend.example"
FOUND = Relation((Pair(GATEWAY, "t1", "s1", Direction.STAFF_TO_STUDENT, basis=AccountBasis.KNOWN),))
NONE = Relation()


def long_text(reference: int, *, to: str = GATEWAY) -> list[SmppText]:
    cut = parts(b"x" * 90, 30, reference)
    return [read_text(Command.SUBMIT_SM, body(TEACHER_LINE, to, part, esm_class=UDHI)) for part in cut]


def test_later_parts_have_the_pairs_of_the_first_one() -> None:
    mailed = MailedTexts()
    first, second, third = long_text(7)
    assert mailed.pairs_of(second, "", NONE) == NONE, "it came before the first one"
    assert mailed.pairs_of(first, "", FOUND) == FOUND
    assert [mailed.pairs_of(part, "", NONE) for part in (second, third, second)] == [FOUND] * 3
    for other in (long_text(8)[1], long_text(7, to="6245")[1]):
        assert mailed.pairs_of(other, "", NONE) == NONE
    assert mailed.pairs_of(first, "", NONE) == NONE
    assert mailed.pairs_of(second, "", NONE) == NONE, "the reference is that of another text by now"


@pytest.mark.parametrize("form", ["{} of {}\n", "({}/{}) ", " {}/{}: ", "[{} de {}] "])
def test_later_texts_of_a_numbered_one_have_its_pairs(form: str) -> None:
    mailed, text = MailedTexts(), read_text(Command.DELIVER_SM, body(GATEWAY, TEACHER_LINE, b"x"))
    assert mailed.pairs_of(text, form.format(1, 3), FOUND) == FOUND
    for number, total in itertools.product(range(5), range(5)):
        expected = FOUND if total == 3 and number in (2, 3) else NONE
        if number != 1:
            assert mailed.pairs_of(text, form.format(number, total), NONE) == expected, (number, total)
    assert mailed.pairs_of(text, "at 2 of 3 schools", NONE) == NONE


def test_memory_is_bounded() -> None:
    mailed = MailedTexts()
    for reference, to in itertools.product(range(250), range(45)):
        mailed.pairs_of(long_text(reference, to=str(to))[0], "", FOUND)
    assert mailed.pairs_of(long_text(0, to="0")[1], "", NONE) == NONE
    assert mailed.pairs_of(long_text(249, to="44")[1], "", NONE) == FOUND


def test_long_text_to_a_mailbox_is_held_whole(sms: SmsGateway) -> None:
    cut = parts(f"{MAILBOX} see you in class tomorrow. {HELD_TEXT} by mail".encode(), 60, 61)
    whole = [body(TEACHER_LINE, GATEWAY, part, esm_class=UDHI, ton=0) for part in cut]
    with esme(sms.port) as app:
        ids = [parse_c_string(app.submit(part).body) for part in whole]
        row = sms.held(ids[0])
        assert "7a" in row["clauses"]
        assert row["recipients"] == [GATEWAY]
        outside = [body(TEACHER_LINE, OUTSIDE_PHONE, part, esm_class=UDHI) for part in cut]
        assert all(len(parse_c_string(app.submit(part).body)) < 26 for part in outside), "a phone is no gateway"


def test_call_for_help_in_a_later_part_of_mail_is_seen(sms: SmsGateway) -> None:
    before = sms.gateway.metric("chaperone_help_alerts_total")
    said = f"{MAILBOX} / about school / hello, i wanted to tell you something today. {HELP_TEXT}"
    whole = [body("6245", TEACHER_LINE, part, esm_class=UDHI) for part in parts(said.encode(), 70, 62)]
    with esme(sms.port) as app:
        for part in whole:
            assert sms.smsc.deliver(part).status == 0
        assert eventually(lambda: [pdu.body for pdu in app.received if pdu.body in whole] == whole)
        assert eventually(lambda: sms.gateway.metric("chaperone_help_alerts_total") == before + 1)
