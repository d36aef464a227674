"""Delivery receipts over SMPP: their ids, their addressees and their states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.channels.smpp_message import receipted_id
from gateway.core.channels.smpp_pdu import Command, Pdu, Status, parse_c_string, read_text
from tests.peers.smpp_ends import Esme, body, esme, parts
from tests.relays.smpp.test_messages import UDHI, held_text, smsc_accepts
from tests.relays.sms_gateway import (
    CLEAN_TEXT,
    OTHER_TEACHER_LINE,
    OUTSIDE_PHONE,
    SECOND_STUDENT_PHONE,
    STUDENT_PHONE,
    TEACHER_LINE,
    SmsGateway,
)
from tests.stories.gateway import eventually

RECEIPT, USER_RECEIPT = 0x04, 0x10


def receipts(app: Esme, id_: str) -> list[str]:
    """The states in the receipts that an application got for a message."""
    texts = [read_text(pdu.command, pdu.body) for pdu in list(app.received)]
    about = [text.short for text in texts if receipted_id(text) == id_]
    return [short.split(b"stat:")[1].split()[0].decode() for short in about]


RECEIPT_TEXT = "id:{} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:"


def delivering(form: Callable[[int], str]) -> Callable[..., None]:
    """An SMSC that writes an id one way in its response and another way in its receipt, which comes at once."""

    def on_accepted(end: Any, name: str, pdu: Pdu) -> None:
        text = read_text(pdu.command, pdu.body)
        if text.registered & 3 == 1:
            number = int(name, 16) if form is str else int(name)
            short = RECEIPT_TEXT.format(form(number))
            source, to = text.destinations[0].digits, text.source.digits
            end.start(Command.DELIVER_SM, body(source, to, short.encode(), esm_class=RECEIPT))

    return on_accepted


@pytest.mark.parametrize(("response_form", "receipt"), [("{:x}", str), ("{:d}", "{:X}".format)], ids=["hex", "decimal"])
def test_receipts_have_the_ids_that_the_application_knows(sms: SmsGateway, response_form: str, receipt: Any) -> None:
    sms.smsc.form, sms.smsc.on_accepted = response_form.format, delivering(receipt)
    with esme(sms.port) as app:
        id_ = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, CLEAN_TEXT.encode(), registered=1)).body)
        assert eventually(lambda: receipts(app, id_) == ["DELIVRD"])
        silent = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, CLEAN_TEXT.encode(), registered=0)).body)
        cut = parts(response_form.encode() + CLEAN_TEXT.encode(), 30, 21)
        cut = [body(TEACHER_LINE, STUDENT_PHONE, part, esm_class=UDHI, registered=1) for part in cut]
        ids = [parse_c_string(app.submit(part).body) for part in cut]
        assert eventually(lambda: [receipts(app, part_id) for part_id in ids] == [["DELIVRD"]] * len(ids)), (
            "one for each part"
        )
        assert receipts(app, silent) == []
        theirs = parse_c_string(app.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"out of scope", registered=1)).body)
        forms = {theirs, receipt(int(theirs, 16) if receipt is str else int(theirs))}
        assert eventually(lambda: [state for form in forms for state in receipts(app, form)] == ["DELIVRD"])


def test_receipt_goes_to_the_application_that_sent(sms: SmsGateway) -> None:
    sms.smsc.on_accepted = lambda end, name, pdu: None
    with esme(sms.port) as one, esme(sms.port, "second", "other-pw") as other:
        id_ = parse_c_string(other.submit(body(TEACHER_LINE, STUDENT_PHONE, CLEAN_TEXT.encode(), registered=1)).body)
        assert eventually(lambda: sms.state(id_) == "sent")
        theirs = next(name for name, pdu in reversed(sms.smsc.accepted) if STUDENT_PHONE[1:].encode() in pdu.body)
        short = RECEIPT_TEXT.format(theirs)
        assert sms.smsc.deliver(body(STUDENT_PHONE, TEACHER_LINE, short.encode(), esm_class=RECEIPT)).status == 0
        assert eventually(lambda: receipts(other, id_)) == ["DELIVRD"]
        assert receipts(one, id_) == []
        answer = body(
            STUDENT_PHONE, TEACHER_LINE, f"id:{theirs} thanks, I will bring it".encode(), esm_class=USER_RECEIPT
        )
        assert sms.smsc.deliver(answer).status == 0  # what a person wrote is a text, which is classified
        assert eventually(lambda: [1 for pdu in (*one.received, *other.received) if pdu.body == answer])


def test_inbound_message_goes_to_the_application_that_last_sent_from_its_number(sms: SmsGateway) -> None:
    with esme(sms.port) as one, esme(sms.port, "second", "other-pw") as other:
        assert other.submit(body(OTHER_TEACHER_LINE, OUTSIDE_PHONE, b"from the second application")).status == 0
        assert one.submit(body(TEACHER_LINE, OUTSIDE_PHONE, b"from the first application")).status == 0
        for source, words in (
            (OUTSIDE_PHONE, b"an answer from outside"),
            (SECOND_STUDENT_PHONE, b"Can I hand it in tomorrow?"),
        ):
            content = body(source, OTHER_TEACHER_LINE, words)
            assert sms.smsc.deliver(content).status == 0
            assert eventually(lambda content=content: [1 for pdu in other.received if pdu.body == content])
            assert not [1 for pdu in one.received if pdu.body == content]


def test_held_message_has_no_final_receipt_and_a_rejected_one_has(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        id_ = parse_c_string(
            app.submit(body(TEACHER_LINE, STUDENT_PHONE, held_text("reject me").encode(), registered=0x11)).body
        )
        row = sms.held(id_)
        assert eventually(lambda: receipts(app, id_) == ["ACCEPTD"]), "an intermediate one, as requested"
        assert sms.decide(row["id"], "reject") == 200
        assert eventually(lambda: receipts(app, id_) == ["ACCEPTD", "REJECTD"])
        text = held_text("reject me silently").encode()
        silent = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, text)).body)
        assert sms.decide(sms.held(silent)["id"], "reject") == 200
        assert eventually(lambda: sms.state(silent) == "rejected")
        assert receipts(app, silent) == []


def test_refusal_by_the_smsc_is_reported(sms: SmsGateway) -> None:
    sms.smsc.status = lambda pdu: Status.INVALID_DESTINATION if b"refuse" in pdu.body else 0
    with esme(sms.port) as app:
        id_ = parse_c_string(
            app.submit(body(TEACHER_LINE, STUDENT_PHONE, b"Please refuse no homework today", registered=1)).body
        )
        assert eventually(lambda: receipts(app, id_) == ["UNDELIV"])
        assert sms.state(id_) == "bounced"


def test_throttled_message_is_sent_again(sms: SmsGateway) -> None:
    refused: list[Pdu] = []

    def status(pdu: Pdu) -> int:
        if b"slowly" in pdu.body and len(refused) < 3:
            refused.append(pdu)
            return int(Status.THROTTLED)
        return 0

    sms.smsc.status = status
    content = body(TEACHER_LINE, STUDENT_PHONE, b"Walk slowly in the hall before the assembly.")
    with esme(sms.port) as app:
        app.submit(content)
        assert smsc_accepts(sms, content)
    assert len(refused) == 3
