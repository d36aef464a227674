"""Two processes with the role sms on one PostgreSQL and one Apache Kafka: one can finish what the other accepted.

Each has its own session at the SMSC, and applications bind to either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.core.channels.smpp_pdu import Command, Status, parse_c_string
from tests.peers.ports import free_port
from tests.peers.smpp_ends import Esme, SmppEnd, body, esme, parts, smsc
from tests.relays.smpp.test_receipts import RECEIPT, RECEIPT_TEXT, receipts
from tests.relays.sms_gateway import (
    CLEAN_TEXT,
    OTHER_TEACHER_LINE,
    OUTSIDE_PHONE,
    SECOND_STUDENT_PHONE,
    STUDENT_PHONE,
    TEACHER_LINE,
    SmsGateway,
    run_sms_gateway,
)
from tests.stories.gateway import Gateway, eventually

pytestmark = [pytest.mark.peer("kafka", "postgresql"), pytest.mark.timeout(600)]
UDHI = 0x40


@dataclass
class TwoProcesses:
    """The gateway with the port of its first process, the port of the second, and the session of each at the SMSC."""

    sms: SmsGateway
    other: int
    one_end: SmppEnd
    other_end: SmppEnd

    def restart_first(self) -> None:
        """Start the first process again."""
        process = self.sms.gateway.start("sms")
        assert eventually(lambda: 'smsc_bound{way="transceiver"} 1.0' in process.text())
        self.one_end = self.sms.smsc.ends[-1]

    def smsc_id(self, to: str) -> str:
        """The SMSC's id of the last text to a number."""
        return next(name for name, pdu in reversed(self.sms.smsc.accepted) if to[1:].encode() in pdu.body)


@pytest.fixture(scope="module", name="two")
def _two(tmp_path_factory: pytest.TempPathFactory, kafka: Any, postgresql: Any) -> Iterator[TwoProcesses]:
    other = free_port()
    ends: list[SmppEnd] = []

    def start(gateway: Gateway) -> None:
        gateway.start("classify", "decide", "deliver", "console")
        for listen in ({}, {"CHAPERONE_SMS__SMPP__LISTEN": f'["127.0.0.1:{other}"]'}):
            process = gateway.start("sms", **listen)
            assert eventually(lambda process=process: 'smsc_bound{way="transceiver"} 1.0' in process.text())
            ends.append(upstream.ends[-1])

    settings = [f'bus.topic_prefix = "two{free_port()}"']
    with smsc() as upstream, run_sms_gateway(
        tmp_path_factory.mktemp("two"), upstream, bus=f"kafka://{kafka.bootstrap}", store=postgresql.database(),
        settings=settings, start=start,
    ) as made:  # fmt: skip
        yield TwoProcesses(made, other, *ends)


def received(app: Esme, content: bytes) -> bool:
    return bool(eventually(lambda: [1 for pdu in app.received if pdu.body == content]))


def test_receipt_reaches_the_application_over_either_process(two: TwoProcesses) -> None:
    with esme(two.sms.port) as app:
        for end in (two.one_end, two.other_end):
            id_ = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, CLEAN_TEXT.encode(), registered=1)).body)
            assert eventually(lambda id_=id_: two.sms.state(id_) == "sent")
            short = RECEIPT_TEXT.format(two.smsc_id(STUDENT_PHONE)).encode()
            assert (
                end.ask(Command.DELIVER_SM, body(STUDENT_PHONE, TEACHER_LINE, short, esm_class=RECEIPT)).status
                == Status.OK
            )
            assert eventually(lambda id_=id_: receipts(app, id_) == ["DELIVRD"])


def test_receipt_waits_for_an_unbound_application(two: TwoProcesses) -> None:
    with esme(two.sms.port) as app:
        id_ = parse_c_string(app.submit(body(TEACHER_LINE, STUDENT_PHONE, CLEAN_TEXT.encode(), registered=1)).body)
        assert eventually(lambda: two.sms.state(id_) == "sent")
    short = RECEIPT_TEXT.format(two.smsc_id(STUDENT_PHONE)).encode()
    for _ in range(2):
        answer = two.one_end.ask(Command.DELIVER_SM, body(STUDENT_PHONE, TEACHER_LINE, short, esm_class=RECEIPT))
        assert answer.status == Status.OK, "it is stored"
    with esme(two.other) as app:
        assert eventually(lambda: receipts(app, id_)) == ["DELIVRD"], "once, at the other process"


def test_message_reaches_the_right_application_over_either_process(two: TwoProcesses) -> None:
    inside, outside = (
        body(SECOND_STUDENT_PHONE, OTHER_TEACHER_LINE, b"Can I hand it in on Friday?"),
        body(OUTSIDE_PHONE, OTHER_TEACHER_LINE, b"an answer"),
    )
    with esme(two.sms.port) as here, esme(two.other, "second", "other-pw") as there:
        assert there.submit(body(OTHER_TEACHER_LINE, OUTSIDE_PHONE, b"from the second application")).status == Status.OK
        # each process learns about the other's applications within seconds
        refused = lambda: two.one_end.ask(Command.DELIVER_SM, outside).status == Status.TEMPORARY_APP_ERROR  # noqa: E731
        assert eventually(refused), "not given to another application"
        assert two.one_end.ask(Command.DELIVER_SM, inside).status == Status.OK
        assert received(there, inside)
        assert two.other_end.ask(Command.DELIVER_SM, outside).status == Status.OK
        assert received(there, outside)
        assert inside not in [pdu.body for pdu in here.received]


def test_parts_of_a_long_message_over_both_processes(two: TwoProcesses) -> None:
    words = f"{CLEAN_TEXT} Bring the signed form as well."
    cut = [body(TEACHER_LINE, STUDENT_PHONE, part, esm_class=UDHI) for part in parts(words.encode(), 40, 77, wide=True)]
    with esme(two.sms.port) as one, esme(two.other) as other:
        ids = {parse_c_string((one, other)[at % 2].submit(part).body)[:26] for at, part in enumerate(cut)}
        assert len(ids) == 1
        assert eventually(lambda: [part for part in two.sms.sent(STUDENT_PHONE) if part in cut] == cut)


def test_message_of_a_killed_process_is_delivered_by_the_other(two: TwoProcesses) -> None:
    content = body(OTHER_TEACHER_LINE, SECOND_STUDENT_PHONE, b"The bus leaves at seven from the east gate.")
    with esme(two.sms.port) as app:
        id_ = parse_c_string(app.submit(content).body)
        victim = two.sms.gateway.processes.pop(1)
        victim.kill()
    try:
        assert eventually(lambda: content in two.sms.sent(SECOND_STUDENT_PHONE), 60), two.sms.trace(id_)
    finally:
        two.restart_first()  # for the tests that run after this one
    assert two.sms.sent(SECOND_STUDENT_PHONE).count(content) == 1
