"""Texts over SMPP through a whole gateway: passed through, held, released, rejected; long ones; receipts."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.channels.smpp_message import receipted
from gateway.core.channels.smpp_pdu import Command, Pdu, Status, Tag, c_string, read_text
from tests.peers.smpp_ends import Esme, body, data_body, esme, multi_body, parts
from tests.stories.gateway import eventually
from tests.texts.town import BAD, CLEAN, HELP, LINE, OTHER_LINE, OUTSIDE, SECOND, STUDENT, Town

UDHI, RECEIPT = 0x40, 0x04


def bad(words: str) -> str:
    """A text that is to be held, told from others by some words."""
    return f"{BAD}. {words}"


def took(town: Town, content: bytes) -> bool:
    """Whether the SMSC takes a body in time."""
    return bool(eventually(lambda: [1 for _, pdu in list(town.smsc.taken) if pdu.body == content]))


def receipts(app: Esme, id_: str) -> list[str]:
    """The receipts for a text that an application got, by what they say."""
    texts = [read_text(pdu.command, pdu.body) for pdu in list(app.came)]
    about = [text.short for text in texts if receipted(text) == id_]
    return [short.split(b"stat:")[1].split()[0].decode() for short in about]


# --- out of scope ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, Status.INVALID_DESTINATION, 0x0000_0400, Status.THROTTLED])
def test_out_of_scope_has_the_smscs_own_status_and_id(town: Town, status: int) -> None:
    town.smsc.status = lambda pdu: status
    content = body(LINE, OUTSIDE, b"Your order is ready", service=b"VENDOR"[:5], options=((0x1501, b"opaque"),))
    with esme(town.port) as app:
        response = app.submit(content)
    assert response.status == status
    if status == 0:
        name, pdu = town.smsc.taken[-1]
        assert (pdu.command, pdu.body) == (Command.SUBMIT_SM, content)
        assert c_string(response.body) == name


def test_every_operation_out_of_scope_is_passed_on(town: Town) -> None:
    address = b"\1\1" + OUTSIDE[1:].encode() + b"\0"
    line = b"\1\1" + b"15155550100" + b"\0"
    operations = {
        Command.QUERY_SM: b"A1\0" + line,
        Command.CANCEL_SM: b"\0A1\0" + line + address,
        Command.REPLACE_SM: b"A1\0" + line + b"\0\0" + bytes((0, 0, 2)) + b"hi",
    }
    with esme(town.port) as app:
        for command, content in operations.items():
            response = app.end.ask(command, content)
            assert response.status == 0
            assert (town.smsc.asked[-1].command, town.smsc.asked[-1].body) == (command, content)
        assert app.end.ask(Command.DATA_SM, data_body(LINE, OUTSIDE, b"data")).status == 0
        assert app.end.ask(Command.SUBMIT_MULTI, multi_body(LINE, [OUTSIDE, "15155550778"], b"many")).status == 0
        assert town.smsc.taken[-1][1].command == Command.SUBMIT_MULTI


def test_a_text_from_outside_goes_to_the_application_with_its_own_status(town: Town) -> None:
    with esme(town.port) as app:
        content = body(OUTSIDE, LINE, b"hello office")
        assert town.smsc.deliver(content).status == 0
        assert app.came[-1].body == content
        app.status = lambda _: 0x65
        assert town.smsc.deliver(content).status == 0x65
    assert eventually(lambda: town.smsc.deliver(content).status == Status.TEMPORARY_APP_ERROR)


# --- in scope -------------------------------------------------------------------------------------------------------


def test_a_clean_text_is_delivered_as_it_came(town: Town) -> None:
    content = body(LINE, STUDENT, CLEAN.encode(), registered=0, options=((0x1501, b"opaque"),))
    with esme(town.port) as app:
        response = app.submit(content)
        assert response.status == 0
        assert took(town, content)
    id_ = c_string(response.body)
    assert eventually(lambda: town.state(id_) == "sent")


def test_a_prohibited_text_is_held_and_released_once(town: Town) -> None:
    content = body(LINE, STUDENT, bad("release me").encode())
    with esme(town.port) as app:
        id_ = c_string(app.submit(content).body)
        row = town.held(id_)
        assert (row["channel"], row["sender"], row["recipients"]) == ("sms", LINE, [STUDENT])
        assert "7a" in row["clauses"]
        assert content not in town.sent(STUDENT)
        query = id_.encode() + b"\0\1\1" + LINE[1:].encode() + b"\0"
        assert app.end.ask(Command.QUERY_SM, query).body == id_.encode() + b"\0\0\x06\0"
        line, to = b"\1\1" + LINE[1:].encode() + b"\0", b"\1\1" + STUDENT[1:].encode() + b"\0"
        assert app.end.ask(Command.CANCEL_SM, b"\0" + id_.encode() + b"\0" + line + to).status == Status.CANCEL_FAILED
        replacing = id_.encode() + b"\0" + line + b"\0\0" + bytes((0, 0, 2)) + b"hi"
        assert app.end.ask(Command.REPLACE_SM, replacing).status == Status.REPLACE_FAILED
        assert town.decide(row["id"], "release") == 200
        assert took(town, content)
        assert town.decide(row["id"], "release") == 409
        delivered = id_.encode() + b"\0\0\x02\0"  # the SMSC's own word, under our id, once its answer is written down
        assert eventually(lambda: app.end.ask(Command.QUERY_SM, query).body == delivered)
    assert town.sent(STUDENT).count(content) == 1


def test_a_students_text_is_durable_before_the_smsc_hears_and_goes_to_the_application(town: Town) -> None:
    content = body(STUDENT, LINE, b"Ms Whitfield is the quiz on thursday or friday?")
    response = town.smsc.deliver(content)
    assert response == Pdu(response.command, b"\0", 0, response.sequence)
    with esme(town.port) as app:
        assert eventually(lambda: [1 for pdu in app.came if pdu.body == content])


@pytest.mark.parametrize("word", ["STOP", " stop ", "HELP", "Unsubscribe", "911"])
def test_opting_out_and_emergencies_pass_at_once(town: Town, word: str) -> None:
    to, short = (STUDENT, word.encode()) if word != "911" else ("911", BAD.encode())
    content = body(LINE, to, short, ton=1 if word != "911" else 0)
    with esme(town.port) as app:
        response = app.submit(content)
        name, pdu = town.smsc.taken[-1]
        assert (pdu.body, c_string(response.body)) == (content, name)


@pytest.mark.parametrize("words", ["STOP it", "stop stop", "startle"])
def test_nothing_else_passes_at_once(town: Town, words: str) -> None:
    with esme(town.port) as app:
        response = app.submit(body(LINE, STUDENT, words.encode()))
        assert len(c_string(response.body)) == 26, "it has an id of ours"


def test_bytes_that_look_like_the_word_are_not_the_word(town: Town) -> None:
    with esme(town.port) as app:
        id_ = c_string(app.submit(body(LINE, STUDENT, b"\x01STOP\x02", coding=4)).body)
        assert town.held(id_)["reasons"] == ["unreadable"]


def test_a_call_for_help_is_delivered_and_alerted(town: Town) -> None:
    before = town.gateway.metric("chaperone_help_alerts_total")
    content = body(STUDENT, LINE, HELP.encode())
    with esme(town.port) as app:
        town.smsc.deliver(content)
        assert eventually(lambda: [1 for pdu in app.came if pdu.body == content])
    assert eventually(lambda: town.gateway.metric("chaperone_help_alerts_total") == before + 1)


def test_a_number_that_claims_to_be_a_name_is_still_the_students(town: Town) -> None:
    with esme(town.port) as app:
        for ton in (0, 2, 5):
            id_ = c_string(app.submit(body(LINE, STUDENT, bad(f"as {ton}").encode(), ton=ton)).body)
            assert town.held(id_)


def test_a_text_to_many_is_split(town: Town) -> None:
    before = len(town.sent(OUTSIDE))
    text = bad("to many")
    with esme(town.port) as app:
        response = app.end.ask(Command.SUBMIT_MULTI, multi_body(LINE, [OUTSIDE, STUDENT, SECOND], text.encode()))
        assert response.body.endswith(b"\0\0")
        row = town.held(c_string(response.body))
        assert row["recipients"] == [STUDENT, SECOND]
        assert eventually(lambda: len(town.sent(OUTSIDE)) == before + 1), "who is out of scope does not wait"
        assert town.decide(row["id"], "release") == 200
        assert took(town, body(LINE, STUDENT, text.encode()))
        assert took(town, body(LINE, SECOND, text.encode()))


def test_a_distribution_list_of_the_smsc_is_not_for_staff(town: Town) -> None:
    def to_list(source: bytes) -> bytes:
        head = b"\0\1\1" + source + b"\0\1\2class-b\0"
        return head + bytes((0, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, 2)) + b"hi"

    with esme(town.port) as app:
        refused = app.end.ask(Command.SUBMIT_MULTI, to_list(LINE[1:].encode()))
        assert refused.status == Status.CANNOT_SUBMIT_TO_LIST
        assert app.end.ask(Command.SUBMIT_MULTI, to_list(b"15155550100")).status == 0


# --- long texts -----------------------------------------------------------------------------------------------------


def wide(text: str) -> tuple[bytes, int]:
    return text.encode("utf-16-be"), 8


LONG = "Please read chapter four and answer the questions at its end before our next lesson on Tuesday. 🎺 " * 8


@pytest.mark.parametrize("wide_reference", [False, True])
def test_ten_parts_shuffled_and_doubled_are_read_as_one_and_go_out_as_they_came(
    town: Town, wide_reference: bool
) -> None:
    content, coding = wide(LONG + str(wide_reference))
    cut = parts(content, -(-len(content) // 10), 77, wide=wide_reference)
    assert len(cut) == 10
    whole = [body(OTHER_LINE, STUDENT, each, coding=coding, esm_class=UDHI) for each in cut]
    coming = [*whole, *random.Random(7).sample(whole, 4)]
    random.Random(8).shuffle(coming)
    with esme(town.port) as app:
        ids = [c_string(app.submit(each).body) for each in coming]
    assert len(set(ids)) == 10
    assert len({each[:26] for each in ids}) == 1
    assert eventually(lambda: sorted(b for b in town.sent(STUDENT) if b in whole) == sorted(whole))
    assert [b for b in town.sent(STUDENT) if b in whole] == whole, "in their order, each once"
    assert eventually(lambda: town.state(ids[0]) == "sent")


def test_what_is_said_across_parts_is_held_as_one(town: Town) -> None:
    cut = parts(bad("across parts").encode(), 20, 5)
    whole = [body(LINE, STUDENT, each, esm_class=UDHI) for each in cut]
    with esme(town.port) as app:
        ids = [c_string(app.submit(each).body) for each in whole]
        row = town.held(ids[0])
        assert "7a" in row["clauses"]
        assert not [b for b in town.sent(STUDENT) if b in whole]
        assert town.decide(row["id"], "release") == 200
        assert eventually(lambda: [b for b in town.sent(STUDENT) if b in whole] == whole)


def test_the_sar_parameters_and_a_payload_do_the_same(town: Town) -> None:
    def sar(number: int, total: int) -> tuple[tuple[int, bytes], ...]:
        return (
            (Tag.SAR_REFERENCE.value, b"\0\x09"), (Tag.SAR_TOTAL.value, bytes((total,))),
            (Tag.SAR_NUMBER.value, bytes((number,))),
        )  # fmt: skip

    text = bad("by parameters").encode()
    half = len(text) // 2
    with esme(town.port) as app:
        second = app.submit(body(LINE, STUDENT, text[half:], options=sar(2, 2)))
        first = app.submit(body(LINE, STUDENT, text[:half], options=sar(1, 2)))
        assert c_string(first.body)[:26] == c_string(second.body)[:26]
        assert "7a" in town.held(c_string(first.body))["clauses"]
        payload = app.end.ask(Command.DATA_SM, data_body(LINE, STUDENT, bad("in a payload").encode()))
        assert "7a" in town.held(c_string(payload.body))["clauses"]
        long = body(LINE, STUDENT, options=((Tag.PAYLOAD.value, (CLEAN * 20).encode()),))
        app.submit(long)
        assert took(town, long)


def test_what_stays_incomplete_is_held_from_staff_and_delivered_from_students(town: Town) -> None:
    from_staff = parts(CLEAN.encode() * 3, 60, 11)[:2]
    from_student = [
        body(STUDENT, OTHER_LINE, each, esm_class=UDHI) for each in parts(b"is the quiz on friday? " * 6, 60, 12)[1:]
    ]
    with esme(town.port) as app:
        ids = [c_string(app.submit(body(OTHER_LINE, SECOND, each, esm_class=UDHI)).body) for each in from_staff]
        for each in from_student:
            assert town.smsc.deliver(each).status == 0
        row = town.held(ids[0])
        assert row["reasons"] == ["incomplete"]
        assert eventually(lambda: [pdu.body for pdu in app.came if pdu.body in from_student] == from_student)
    _, traces = town.api(f"/trace?address=%2B{OTHER_LINE[1:]}")
    assert "flag" in {each["action"] for each in traces["items"] if each["direction"] == "student_to_staff"}
    late = body(OTHER_LINE, SECOND, parts(CLEAN.encode() * 3, 60, 11)[2], esm_class=UDHI)
    with esme(town.port) as app:
        id_ = c_string(app.submit(late).body)
        assert town.held(id_)["reasons"] == ["incomplete"], "a part that comes too late is not lost either"


def test_what_cannot_be_read_is_held_from_staff(town: Town) -> None:
    content = body(LINE, SECOND, b"\x01\x02\x03\x04binary", coding=4)
    with esme(town.port) as app:
        row = town.held(c_string(app.submit(content).body))
        assert row["reasons"] == ["unreadable"]
        assert town.decide(row["id"], "release") == 200
        assert took(town, content), "and leaves untouched"


# --- receipts -------------------------------------------------------------------------------------------------------


SAID = "id:{} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:"


def delivering(form: Callable[[int], str]) -> Callable[..., None]:
    """An SMSC that tells an id in one way and sends the receipt in another, at once."""

    def on_taken(end: Any, name: str, pdu: Pdu) -> None:
        text = read_text(pdu.command, pdu.body)
        if text.registered & 3 == 1:
            number = int(name, 16) if form is str else int(name)
            short = SAID.format(form(number))
            source, to = text.destinations[0].digits, text.source.digits
            end.start(Command.DELIVER_SM, body(source, to, short.encode(), esm_class=RECEIPT))

    return on_taken


@pytest.mark.parametrize(("told", "receipt"), [("{:x}", str), ("{:d}", "{:X}".format)], ids=["hex", "decimal"])
def test_receipts_come_under_the_ids_that_the_application_knows(town: Town, told: str, receipt: Any) -> None:
    town.smsc.form, town.smsc.on_taken = told.format, delivering(receipt)
    with esme(town.port) as app:
        id_ = c_string(app.submit(body(LINE, STUDENT, CLEAN.encode(), registered=1)).body)
        assert eventually(lambda: receipts(app, id_) == ["DELIVRD"])
        silent = c_string(app.submit(body(LINE, STUDENT, CLEAN.encode(), registered=0)).body)
        cut = parts(told.encode() + CLEAN.encode(), 30, 21)
        cut = [body(LINE, STUDENT, each, esm_class=UDHI, registered=1) for each in cut]
        ids = [c_string(app.submit(each).body) for each in cut]
        assert eventually(lambda: [receipts(app, each) for each in ids] == [["DELIVRD"]] * len(ids)), (
            "one for each part"
        )
        assert receipts(app, silent) == []
        theirs = c_string(app.submit(body(LINE, OUTSIDE, b"out of scope", registered=1)).body)
        forms = {theirs, receipt(int(theirs, 16) if receipt is str else int(theirs))}
        assert eventually(lambda: [each for form in forms for each in receipts(app, form)] == ["DELIVRD"])


def test_a_receipt_goes_to_the_application_that_sent(town: Town) -> None:
    town.smsc.on_taken = lambda end, name, pdu: None
    with esme(town.port) as one, esme(town.port, "second", "other-pw") as other:
        id_ = c_string(other.submit(body(LINE, STUDENT, CLEAN.encode(), registered=1)).body)
        eventually(lambda: town.state(id_) == "sent")
        theirs = next(name for name, pdu in reversed(town.smsc.taken) if STUDENT[1:].encode() in pdu.body)
        short = SAID.format(theirs)
        assert town.smsc.deliver(body(STUDENT, LINE, short.encode(), esm_class=RECEIPT)).status == 0
        assert receipts(other, id_) == ["DELIVRD"]
        assert receipts(one, id_) == []


def test_a_text_goes_to_the_application_that_speaks_for_its_number(town: Town) -> None:
    with esme(town.port) as one, esme(town.port, "second", "other-pw") as other:
        assert other.submit(body(OTHER_LINE, OUTSIDE, b"from the second application")).status == 0
        assert one.submit(body(LINE, OUTSIDE, b"from the first application")).status == 0
        for source, words in ((OUTSIDE, b"an answer from outside"), (SECOND, b"Can I hand it in tomorrow?")):
            content = body(source, OTHER_LINE, words)
            assert town.smsc.deliver(content).status == 0
            assert eventually(lambda content=content: [1 for pdu in other.came if pdu.body == content])
            assert not [1 for pdu in one.came if pdu.body == content]


def test_what_is_held_has_no_final_receipt_and_what_is_rejected_says_so(town: Town) -> None:
    with esme(town.port) as app:
        id_ = c_string(app.submit(body(LINE, STUDENT, bad("reject me").encode(), registered=0x11)).body)
        row = town.held(id_)
        assert eventually(lambda: receipts(app, id_) == ["ACCEPTD"]), "in between, as it was asked for"
        assert town.decide(row["id"], "reject") == 200
        assert eventually(lambda: receipts(app, id_) == ["ACCEPTD", "REJECTD"])
        silent = c_string(app.submit(body(LINE, STUDENT, bad("reject me silently").encode())).body)
        assert town.decide(town.held(silent)["id"], "reject") == 200
        assert eventually(lambda: town.state(silent) == "rejected")
        assert receipts(app, silent) == []


def test_what_the_smsc_refuses_is_told_and_what_it_cannot_now_is_tried_again(town: Town) -> None:
    town.smsc.status = lambda pdu: Status.INVALID_DESTINATION if b"refuse" in pdu.body else 0
    with esme(town.port) as app:
        id_ = c_string(app.submit(body(LINE, STUDENT, b"Please refuse no homework today", registered=1)).body)
        assert eventually(lambda: receipts(app, id_) == ["UNDELIV"])
        assert town.state(id_) == "bounced"


def test_an_smsc_that_wants_it_slower_gets_it_slower(town: Town) -> None:
    refused: list[Pdu] = []

    def status(pdu: Pdu) -> int:
        if b"slowly" in pdu.body and len(refused) < 3:
            refused.append(pdu)
            return int(Status.THROTTLED)
        return 0

    town.smsc.status = status
    content = body(LINE, STUDENT, b"Walk slowly in the hall before the assembly.")
    with esme(town.port) as app:
        app.submit(content)
        assert took(town, content)
    assert len(refused) == 3
