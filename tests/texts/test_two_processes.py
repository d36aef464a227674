"""Two processes of the role sms on one PostgreSQL and one Apache Kafka: what one took, the other can finish.

Each has a session of its own at the SMSC, and applications bind to either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.core.channels.smpp_pdu import Command, Status, c_string
from tests.peers.smpp_ends import End, Esme, body, esme, parts, smsc
from tests.stories.gateway import Gateway, eventually, free_port
from tests.texts.test_smpp_texts import RECEIPT, SAID, receipts
from tests.texts.town import CLEAN, LINE, OTHER_LINE, OUTSIDE, SECOND, STUDENT, Town, town

pytestmark = [pytest.mark.peer("kafka", "postgresql"), pytest.mark.timeout(600)]
UDHI = 0x40


@dataclass
class Two:
    """The town, whose port is its first process's, the port of the second one, and the session of each at the SMSC."""

    town: Town
    other: int
    one_end: End
    other_end: End

    def one_again(self) -> None:
        """Start the first process anew."""
        process = self.town.gateway.start("sms")
        assert eventually(lambda: 'smsc_bound{way="transceiver"} 1.0' in process.text())
        self.one_end = self.town.smsc.ends[-1]

    def known_as(self, to: str) -> str:
        """The SMSC's id of the last text to a number."""
        return next(name for name, pdu in reversed(self.town.smsc.taken) if to[1:].encode() in pdu.body)


@pytest.fixture(scope="module", name="two")
def _two(tmp_path_factory: pytest.TempPathFactory, kafka: Any, postgresql: Any) -> Iterator[Two]:
    other = free_port()
    ends: list[End] = []

    def start(gateway: Gateway) -> None:
        gateway.start("classify", "decide", "deliver", "console")
        for listen in ({}, {"CHAPERONE_SMS__SMPP__LISTEN": f'["127.0.0.1:{other}"]'}):
            process = gateway.start("sms", **listen)
            assert eventually(lambda process=process: 'smsc_bound{way="transceiver"} 1.0' in process.text())
            ends.append(upstream.ends[-1])

    settings = [f'bus.topic_prefix = "two{free_port()}"']
    with smsc() as upstream, town(
        tmp_path_factory.mktemp("two"), upstream, bus=f"kafka://{kafka.bootstrap}", store=postgresql.database(),
        settings=settings, start=start,
    ) as made:  # fmt: skip
        yield Two(made, other, *ends)


def came(app: Esme, content: bytes) -> bool:
    return bool(eventually(lambda: [1 for pdu in app.came if pdu.body == content]))


def test_a_receipt_comes_to_the_application_wherever_the_smsc_brings_it(two: Two) -> None:
    with esme(two.town.port) as app:
        for end in (two.one_end, two.other_end):
            id_ = c_string(app.submit(body(LINE, STUDENT, CLEAN.encode(), registered=1)).body)
            assert eventually(lambda id_=id_: two.town.state(id_) == "sent")
            short = SAID.format(two.known_as(STUDENT)).encode()
            assert end.ask(Command.DELIVER_SM, body(STUDENT, LINE, short, esm_class=RECEIPT)).status == Status.OK
            assert eventually(lambda id_=id_: receipts(app, id_) == ["DELIVRD"])


def test_a_receipt_waits_for_an_application_that_is_away(two: Two) -> None:
    with esme(two.town.port) as app:
        id_ = c_string(app.submit(body(LINE, STUDENT, CLEAN.encode(), registered=1)).body)
        assert eventually(lambda: two.town.state(id_) == "sent")
    short = SAID.format(two.known_as(STUDENT)).encode()
    for _ in range(2):
        answer = two.one_end.ask(Command.DELIVER_SM, body(STUDENT, LINE, short, esm_class=RECEIPT))
        assert answer.status == Status.OK, "it is durable here"
    with esme(two.other) as app:
        assert eventually(lambda: receipts(app, id_)) == ["DELIVRD"], "once, and at the other process"


def test_a_text_goes_to_the_application_that_speaks_for_its_number_wherever_it_is(two: Two) -> None:
    inside, outside = body(SECOND, OTHER_LINE, b"Can I hand it in on Friday?"), body(OUTSIDE, OTHER_LINE, b"an answer")
    with esme(two.town.port) as here, esme(two.other, "second", "other-pw") as there:
        assert there.submit(body(OTHER_LINE, OUTSIDE, b"from the second application")).status == Status.OK
        # each process hears of the other's applications within seconds
        refused = lambda: two.one_end.ask(Command.DELIVER_SM, outside).status == Status.TEMPORARY_APP_ERROR  # noqa: E731
        assert eventually(refused), "not given to whom it is not for"
        assert two.one_end.ask(Command.DELIVER_SM, inside).status == Status.OK
        assert came(there, inside)
        assert two.other_end.ask(Command.DELIVER_SM, outside).status == Status.OK
        assert came(there, outside)
        assert inside not in [pdu.body for pdu in here.came]


def test_the_parts_of_a_long_text_may_come_by_both(two: Two) -> None:
    words = f"{CLEAN} Bring the signed form as well."
    cut = [body(LINE, STUDENT, each, esm_class=UDHI) for each in parts(words.encode(), 40, 77, wide=True)]
    with esme(two.town.port) as one, esme(two.other) as other:
        ids = {c_string((one, other)[at % 2].submit(each).body)[:26] for at, each in enumerate(cut)}
        assert len(ids) == 1
        assert eventually(lambda: [each for each in two.town.sent(STUDENT) if each in cut] == cut)


def test_what_one_process_took_the_other_delivers(two: Two) -> None:
    content = body(OTHER_LINE, SECOND, b"The bus leaves at seven from the east gate.")
    with esme(two.town.port) as app:
        id_ = c_string(app.submit(content).body)
        victim = two.town.gateway.processes.pop(1)
        victim.kill()
    try:
        assert eventually(lambda: content in two.town.sent(SECOND), 60), two.town.trace(id_)
    finally:
        two.one_again()  # for the other tests, whichever of them come after this one
    assert len([each for each in two.town.sent(SECOND) if each == content]) == 1
