"""Text messages over SMPP through a whole gateway: passed through, held, decided; long messages; receipts."""

from __future__ import annotations

import contextlib
import random

import pytest

from gateway.core.channels.smpp_pdu import Command, Pdu, Status, Tag, parse_c_string
from tests.peers.smpp_ends import body, data_body, esme, multi_body, parts
from tests.relays.sms_gateway import (
    CLEAN_TEXT,
    HELD_TEXT,
    HELP_TEXT,
    OTHER_TEACHER_LINE,
    OUTSIDE_PHONE,
    SECOND_STUDENT_PHONE,
    STUDENT_PHONE,
    TEACHER_LINE,
    SmsGateway,
)
from tests.stories.gateway import eventually

UDHI = 0x40


def held_text(words: str) -> str:
    """A text that the policy holds, made unique by some words."""
    return f"{HELD_TEXT}. {words}"


def smsc_accepts(sms: SmsGateway, content: bytes, within: float = 60.0) -> bool:
    """Whether the SMSC accepts a body in time."""
    return bool(eventually(lambda: [1 for _, pdu in list(sms.smsc.accepted) if pdu.body == content], within))


# --- out of scope ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, Status.INVALID_DESTINATION, 0x0000_0400, Status.THROTTLED])
def test_message_out_of_scope_gets_the_smscs_status_and_id(sms: SmsGateway, status: int) -> None:
    sms.smsc.status = lambda pdu: status
    content = body(
        TEACHER_LINE, OUTSIDE_PHONE, b"Your order is ready", service=b"VENDOR"[:5], options=((0x1501, b"opaque"),)
    )
    with esme(sms.port) as app:
        response = app.submit(content)
    assert response.status == status
    if status == 0:
        names = [name for name, pdu in sms.smsc.accepted if (pdu.command, pdu.body) == (Command.SUBMIT_SM, content)]
        assert names == [parse_c_string(response.body)]


def test_every_operation_out_of_scope_is_passed_on(sms: SmsGateway) -> None:
    address = b"\1\1" + OUTSIDE_PHONE[1:].encode() + b"\0"
    line = b"\1\1" + b"15155550100" + b"\0"
    operations = {
        Command.QUERY_SM: b"A1\0" + line,
        Command.CANCEL_SM: b"\0A1\0" + line + address,
        Command.REPLACE_SM: b"A1\0" + line + b"\0\0" + bytes((0, 0, 2)) + b"hi",
    }
    with esme(sms.port) as app:
        for command, content in operations.items():
            response = app.end.ask(command, content)
            assert response.status == 0
            assert (sms.smsc.asked[-1].command, sms.smsc.asked[-1].body) == (command, content)
        assert app.end.ask(Command.DATA_SM, data_body(TEACHER_LINE, OUTSIDE_PHONE, b"data")).status == 0
        many = multi_body(TEACHER_LINE, [OUTSIDE_PHONE, "15155550778"], b"many")
        assert app.end.ask(Command.SUBMIT_MULTI, many).status == 0
        assert [pdu.command for _, pdu in sms.smsc.accepted if pdu.body == many] == [Command.SUBMIT_MULTI]


def test_message_from_outside_gets_the_applications_status(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        content = body(OUTSIDE_PHONE, TEACHER_LINE, b"hello office")
        assert sms.smsc.deliver(content).status == 0
        assert app.received[-1].body == content
        app.status = lambda _: 0x65
        assert sms.smsc.deliver(content).status == 0x65
    assert eventually(lambda: sms.smsc.deliver(content).status == Status.TEMPORARY_APP_ERROR)


# --- in scope -------------------------------------------------------------------------------------------------------


def test_clean_message_is_delivered_unchanged(sms: SmsGateway) -> None:
    content = body(TEACHER_LINE, STUDENT_PHONE, CLEAN_TEXT.encode(), registered=0, options=((0x1501, b"opaque"),))
    with esme(sms.port) as app:
        response = app.submit(content)
        assert response.status == 0
        assert smsc_accepts(sms, content)
    id_ = parse_c_string(response.body)
    assert eventually(lambda: sms.state(id_) == "sent")


def test_held_message_is_released_once(sms: SmsGateway) -> None:
    content = body(TEACHER_LINE, STUDENT_PHONE, held_text("release me").encode())
    with esme(sms.port) as app:
        id_ = parse_c_string(app.submit(content).body)
        row = sms.held(id_)
        assert (row["channel"], row["sender"], row["recipients"]) == ("sms", TEACHER_LINE, [STUDENT_PHONE])
        assert "7a" in row["clauses"]
        assert content not in sms.sent(STUDENT_PHONE)
        query = id_.encode() + b"\0\1\1" + TEACHER_LINE[1:].encode() + b"\0"
        assert app.end.ask(Command.QUERY_SM, query).body == id_.encode() + b"\0\0\x06\0"
        line, to = b"\1\1" + TEACHER_LINE[1:].encode() + b"\0", b"\1\1" + STUDENT_PHONE[1:].encode() + b"\0"
        assert app.end.ask(Command.CANCEL_SM, b"\0" + id_.encode() + b"\0" + line + to).status == Status.CANCEL_FAILED
        replacing = id_.encode() + b"\0" + line + b"\0\0" + bytes((0, 0, 2)) + b"hi"
        assert app.end.ask(Command.REPLACE_SM, replacing).status == Status.REPLACE_FAILED
        assert sms.decide(row["id"], "release") == 200
        assert smsc_accepts(sms, content)
        assert sms.decide(row["id"], "release") == 409
        delivered = id_.encode() + b"\0\0\x02\0"  # the SMSC's answer with our id, once its id is stored
        assert eventually(lambda: app.end.ask(Command.QUERY_SM, query).body == delivered)
    assert sms.sent(STUDENT_PHONE).count(content) == 1


def test_student_message_is_stored_and_goes_to_the_application(sms: SmsGateway) -> None:
    content = body(STUDENT_PHONE, TEACHER_LINE, b"Ms Whitfield is the quiz on thursday or friday?")
    response = sms.smsc.deliver(content)
    assert response == Pdu(response.command, b"\0", 0, response.sequence)
    with esme(sms.port) as app:
        assert eventually(lambda: [1 for pdu in app.received if pdu.body == content])


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "911"])
def test_opt_out_and_emergency_pass_at_once(sms: SmsGateway, word: str) -> None:
    to, short = (STUDENT_PHONE, word.encode()) if word != "911" else ("911", HELD_TEXT.encode())
    content = body(TEACHER_LINE, to, short, ton=1 if word != "911" else 0)
    with esme(sms.port) as app:
        response = app.submit(content)
        names = [name for name, pdu in sms.smsc.accepted if pdu.body == content]
        assert names == [parse_c_string(response.body)], "texts of other tests may arrive after it"


@pytest.mark.parametrize("words", ["STOP it", "stop stop", "startle"])
def test_other_words_do_not_pass_at_once(sms: SmsGateway, words: str) -> None:
    with esme(sms.port) as app:
        response = app.submit(body(TEACHER_LINE, STUDENT_PHONE, words.encode()))
        assert len(parse_c_string(response.body)) == 26, "the id is ours"


def test_binary_that_contains_stop_does_not_pass_at_once(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        id_ = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, b"\x01STOP\x02", coding=4)).body)
        assert sms.held(id_)["reasons"] == ["unreadable"]


def test_call_for_help_does_not_wait_for_unanswered_texts(sms: SmsGateway) -> None:
    sms.smsc.status = lambda pdu: -1 if b"silent" in pdu.body else 0
    content = body(STUDENT_PHONE, TEACHER_LINE, b"help")
    with esme(sms.port) as app:
        for number in range(60):
            silent = body(TEACHER_LINE, OUTSIDE_PHONE, b"silent %d" % number)
            app.end.send(Pdu(Command.SUBMIT_SM, silent, 0, 1_000_000 + number).encoded())
        assert len(parse_c_string(app.submit(content).body)) == 26
        assert smsc_accepts(sms, content)
        assert not app.end.unexpected, "all others still wait"
        sms.smsc.status = lambda _: 0
        sms.smsc.answer_late()
        assert eventually(lambda: len(app.end.unexpected) >= 60), "the next test begins without them"


def test_text_of_a_student_waits_for_no_response_to_the_one_before(sms: SmsGateway) -> None:
    asked: list[bytes] = []

    def status(pdu: Pdu) -> int:
        asked.append(pdu.body)
        return -1 if b"silent" in pdu.body else 0

    sms.smsc.status = status
    texts = [body(SECOND_STUDENT_PHONE, TEACHER_LINE, words) for words in (b"silent: is there homework", b"for math")]
    with esme(sms.port) as app:
        for content in texts:
            app.submit(content)
        assert smsc_accepts(sms, texts[1], within=15), "the response to the first is waited for longer"
    assert asked.index(texts[0]) < asked.index(texts[1])
    sms.smsc.status = lambda _: 0


@pytest.mark.parametrize(
    "to", ["15155550120;ext=4", "tel:+1515 555-0120", "0115155550120", "\uff15\uff11555501\uff120"]
)
def test_every_writing_of_a_number_is_in_scope(sms: SmsGateway, to: str) -> None:
    written = to.encode().decode("latin-1")  # sent as UTF-8
    with esme(sms.port) as app:
        id_ = parse_c_string(
            app.submit(body(TEACHER_LINE, written, held_text(written).encode("ascii", "ignore"), ton=0)).body
        )
        assert sms.held(id_)["recipients"] == [STUDENT_PHONE]


def test_texts_that_phones_may_read_otherwise_are_held(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        wrong = body(TEACHER_LINE, STUDENT_PHONE, held_text("in ascii, said to be UTF-16").encode(), coding=8)
        two = body(
            TEACHER_LINE, STUDENT_PHONE, b"", options=((Tag.PAYLOAD, b"hello"), (Tag.PAYLOAD, held_text("2").encode()))
        )
        escaped = body(TEACHER_LINE, STUDENT_PHONE, held_text("escaped").replace("d", "\x1bd").encode())
        for content in (wrong, two, escaped):
            sms.held(parse_c_string(app.submit(content).body))


@pytest.mark.parametrize("command", [Command.REPLACE_SM, Command.CANCEL_SM])
def test_guessed_ids_do_not_reach_a_message_in_scope(sms: SmsGateway, command: int) -> None:
    content = body(STUDENT_PHONE, TEACHER_LINE, f"is practice at four {command}".encode())
    outside = b"\1\1" + OUTSIDE_PHONE[1:].encode() + b"\0"
    with esme(sms.port) as app:
        id_ = parse_c_string(app.submit(content).body)
        assert smsc_accepts(sms, content)
        assert eventually(lambda: sms.state(id_) == "sent")  # the gateway has read the answer with the id
        smsc_id = next(name for name, pdu in sms.smsc.accepted if pdu.body == content).encode()
        asked = len(sms.smsc.asked)
        request = {
            Command.REPLACE_SM: smsc_id + b"\0" + outside + b"\0\0" + bytes((0, 0, 2)) + b"hi",
            Command.CANCEL_SM: b"\0" + smsc_id + b"\0" + outside + outside,
        }[Command(command)]
        status = {Command.REPLACE_SM: Status.REPLACE_FAILED, Command.CANCEL_SM: Status.CANCEL_FAILED}[Command(command)]
        assert app.end.ask(command, request).status == status
        assert len(sms.smsc.asked) == asked


def test_call_for_help_is_delivered_and_alerts(sms: SmsGateway) -> None:
    before = sms.gateway.metric("chaperone_help_alerts_total")
    content = body(STUDENT_PHONE, TEACHER_LINE, HELP_TEXT.encode())
    with esme(sms.port) as app:
        sms.smsc.deliver(content)
        assert eventually(lambda: [1 for pdu in app.received if pdu.body == content])
    assert eventually(lambda: sms.gateway.metric("chaperone_help_alerts_total") == before + 1)


@pytest.mark.parametrize("again", [1, 3], ids=["one_session", "several_sessions"])
def test_call_for_help_comes_soon_after_the_application_is_back(sms: SmsGateway, again: int) -> None:
    """Its connection was lost before the response. The usual pause of a minute would be one too much."""
    content = body(STUDENT_PHONE, TEACHER_LINE, f"{HELP_TEXT} {again}".encode())
    with esme(sms.port) as app:

        def breaks(pdu: Pdu) -> int:
            offered.append(pdu.body)
            app.end.cut()
            return -1

        offered: list[bytes] = []
        app.status = breaks
        sms.smsc.deliver(content)
        assert eventually(lambda: content in offered)
    with contextlib.ExitStack() as sessions:
        back = [sessions.enter_context(esme(sms.port)) for _ in range(again)]
        received = eventually(lambda: [1 for app in back for pdu in app.received if pdu.body == content], 20)
        assert received == [1]


def test_student_number_with_another_type_of_number_is_in_scope(sms: SmsGateway) -> None:
    with esme(sms.port) as app:
        for ton in (0, 2, 5):
            text = held_text(f"as {ton}").encode()
            id_ = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, text, ton=ton)).body)
            assert sms.held(id_)


def test_message_to_several_recipients_is_split(sms: SmsGateway) -> None:
    text = held_text("to many")
    with esme(sms.port) as app:
        response = app.end.ask(
            Command.SUBMIT_MULTI,
            multi_body(TEACHER_LINE, [OUTSIDE_PHONE, STUDENT_PHONE, SECOND_STUDENT_PHONE], text.encode()),
        )
        assert response.body.endswith(b"\0\0")
        row = sms.held(parse_c_string(response.body))
        assert row["recipients"] == [STUDENT_PHONE, SECOND_STUDENT_PHONE]
        assert eventually(lambda: [sent for sent in sms.sent(OUTSIDE_PHONE) if text.encode() in sent]), (
            "recipients out of scope do not wait"
        )
        assert sms.decide(row["id"], "release") == 200
        assert smsc_accepts(sms, body(TEACHER_LINE, STUDENT_PHONE, text.encode()))
        assert smsc_accepts(sms, body(TEACHER_LINE, SECOND_STUDENT_PHONE, text.encode()))


def test_staff_cannot_send_to_a_distribution_list(sms: SmsGateway) -> None:
    def to_list(source: bytes) -> bytes:
        head = b"\0\1\1" + source + b"\0\1\2class-b\0"
        return head + bytes((0, 0, 0)) + b"\0\0" + bytes((0, 0, 0, 0, 2)) + b"hi"

    with esme(sms.port) as app:
        refused = app.end.ask(Command.SUBMIT_MULTI, to_list(TEACHER_LINE[1:].encode()))
        assert refused.status == Status.CANNOT_SUBMIT_TO_LIST
        assert app.end.ask(Command.SUBMIT_MULTI, to_list(b"15155550100")).status == 0


# --- long messages --------------------------------------------------------------------------------------------------


def wide(text: str) -> tuple[bytes, int]:
    return text.encode("utf-16-be"), 8


LONG = "Please read chapter four and answer the questions at its end before our next lesson on Tuesday. 🎺 " * 8


@pytest.mark.parametrize("wide_reference", [False, True])
def test_shuffled_and_repeated_parts_are_one_message_and_unchanged(sms: SmsGateway, wide_reference: bool) -> None:
    content, coding = wide(LONG + str(wide_reference))
    cut = parts(content, -(-len(content) // 10), 77, wide=wide_reference)
    assert len(cut) == 10
    whole = [body(OTHER_TEACHER_LINE, STUDENT_PHONE, part, coding=coding, esm_class=UDHI) for part in cut]
    arriving = [*whole, *random.Random(7).sample(whole, 4)]
    random.Random(8).shuffle(arriving)
    with esme(sms.port) as app:
        ids = [parse_c_string(app.submit(part).body) for part in arriving]
    assert len(set(ids)) == 10
    assert len({id_[:26] for id_ in ids}) == 1
    assert eventually(lambda: sorted(b for b in sms.sent(STUDENT_PHONE) if b in whole) == sorted(whole))
    assert [b for b in sms.sent(STUDENT_PHONE) if b in whole] == whole, "in order, each once"
    assert eventually(lambda: sms.state(ids[0]) == "sent")


def test_words_across_parts_are_found(sms: SmsGateway) -> None:
    cut = parts(held_text("across parts").encode(), 20, 5)
    whole = [body(TEACHER_LINE, STUDENT_PHONE, part, esm_class=UDHI) for part in cut]
    with esme(sms.port) as app:
        ids = [parse_c_string(app.submit(part).body) for part in whole]
        row = sms.held(ids[0])
        assert "7a" in row["clauses"]
        assert not [b for b in sms.sent(STUDENT_PHONE) if b in whole]
        assert sms.decide(row["id"], "release") == 200
        assert eventually(lambda: [b for b in sms.sent(STUDENT_PHONE) if b in whole] == whole)


def test_sar_parameters_and_message_payload(sms: SmsGateway) -> None:
    def sar(number: int, total: int) -> tuple[tuple[int, bytes], ...]:
        return (
            (Tag.SAR_REFERENCE.value, b"\0\x09"), (Tag.SAR_TOTAL.value, bytes((total,))),
            (Tag.SAR_NUMBER.value, bytes((number,))),
        )  # fmt: skip

    text = held_text("by parameters").encode()
    half = len(text) // 2
    with esme(sms.port) as app:
        second = app.submit(body(TEACHER_LINE, STUDENT_PHONE, text[half:], options=sar(2, 2)))
        first = app.submit(body(TEACHER_LINE, STUDENT_PHONE, text[:half], options=sar(1, 2)))
        assert parse_c_string(first.body)[:26] == parse_c_string(second.body)[:26]
        assert "7a" in sms.held(parse_c_string(first.body))["clauses"]
        text = held_text("in a payload").encode()
        payload = app.end.ask(Command.DATA_SM, data_body(TEACHER_LINE, STUDENT_PHONE, text))
        assert "7a" in sms.held(parse_c_string(payload.body))["clauses"]
        long = body(TEACHER_LINE, STUDENT_PHONE, options=((Tag.PAYLOAD.value, (CLEAN_TEXT * 20).encode()),))
        app.submit(long)
        assert smsc_accepts(sms, long)


def test_incomplete_message_is_held_from_staff_and_delivered_from_students(sms: SmsGateway) -> None:
    from_staff = parts(CLEAN_TEXT.encode() * 3, 60, 11)[:2]
    from_student = [
        body(STUDENT_PHONE, OTHER_TEACHER_LINE, part, esm_class=UDHI)
        for part in parts(b"is the quiz on friday? " * 6, 60, 12)[1:]
    ]
    with esme(sms.port) as app:
        ids = [
            parse_c_string(app.submit(body(OTHER_TEACHER_LINE, SECOND_STUDENT_PHONE, part, esm_class=UDHI)).body)
            for part in from_staff
        ]
        for part in from_student:
            assert sms.smsc.deliver(part).status == 0
        row = sms.held(ids[0])
        assert row["reasons"] == ["incomplete"]
        assert eventually(lambda: [pdu.body for pdu in app.received if pdu.body in from_student] == from_student)
    _, traces = sms.api(f"/trace?address=%2B{OTHER_TEACHER_LINE[1:]}")
    assert "flag" in {trace["action"] for trace in traces["items"] if trace["direction"] == "student_to_staff"}
    late = body(OTHER_TEACHER_LINE, SECOND_STUDENT_PHONE, parts(CLEAN_TEXT.encode() * 3, 60, 11)[2], esm_class=UDHI)
    with esme(sms.port) as app:
        id_ = parse_c_string(app.submit(late).body)
        assert sms.held(id_)["reasons"] == ["incomplete"], "a late part is not lost"


def test_unreadable_message_is_held_from_staff(sms: SmsGateway) -> None:
    content = body(TEACHER_LINE, SECOND_STUDENT_PHONE, b"\x01\x02\x03\x04binary", coding=4)
    with esme(sms.port) as app:
        row = sms.held(parse_c_string(app.submit(content).body))
        assert row["reasons"] == ["unreadable"]
        assert sms.decide(row["id"], "release") == 200
        assert smsc_accepts(sms, content), "unchanged"
