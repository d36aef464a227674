"""The SMPP relay between real peers: npm's smpp as SMSC and as application, and Kannel as application."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.node_smpp import NodeProcess, running
from tests.relays.sms_gateway import (
    CLEAN_TEXT,
    HELD_TEXT,
    OUTSIDE_PHONE,
    SECOND_STUDENT_PHONE,
    STUDENT_PHONE,
    TEACHER_LINE,
    SmsGateway,
    run_sms_gateway,
)
from tests.stories.gateway import eventually

UNICODE, GSM = 8, 1
LINE_, STUDENT_, SECOND_, OUTSIDE_ = (
    number[1:] for number in (TEACHER_LINE, STUDENT_PHONE, SECOND_STUDENT_PHONE, OUTSIDE_PHONE)
)


class NpmGateway:
    """A gateway whose SMSC is npm's smpp."""

    def __init__(self, smsc: NodeProcess, made: SmsGateway) -> None:
        self.smsc, self.sms = smsc, made

    def texts(self, to: str) -> list[str]:
        """The texts that the SMSC accepted for a number."""
        return [str(event["text"]) for event in self.smsc.events_of("submit", to=to)]


@pytest.fixture(scope="module", name="npm")
def _npm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NpmGateway]:
    with running("smsc.js") as smsc:
        port = smsc.wait("listening")["port"]

        class At:
            pass

        at = At()
        at.port = port  # type: ignore[attr-defined]
        with run_sms_gateway(tmp_path_factory.mktemp("npm"), at) as made:  # type: ignore[arg-type]
            yield NpmGateway(smsc, made)


def pdu(to: str, text: str, **more: object) -> dict[str, object]:
    """A message in the format of npm's smpp."""
    return {
        "source_addr": LINE_, "source_addr_ton": 1, "source_addr_npi": 1, "destination_addr": to, "dest_addr_ton": 1,
        "dest_addr_npi": 1, "short_message": text, **more,
    }  # fmt: skip


@pytest.mark.peer("node_smpp")
def test_npm_binds_and_wrong_password_is_refused(npm: NpmGateway) -> None:
    assert npm.smsc.events_of("bind", right=True)
    with running("esme.js", npm.sms.port, "texting", "wrong") as app:
        assert app.wait("bound")["status"] == 0x0E
        app.wait("closed")
    for how in ("transmitter", "receiver", "transceiver"):
        with running("esme.js", npm.sms.port, "texting", "text-pw", how) as app:
            assert app.wait("bound")["status"] == 0
            app.command("unbind")
            app.wait("unbound")


@pytest.mark.peer("node_smpp")
def test_npm_in_both_directions(npm: NpmGateway) -> None:
    with running("esme.js", npm.sms.port, "texting", "text-pw") as app:
        app.wait("bound", status=0)
        for mark, (to, text, coding) in enumerate(
            [(OUTSIDE_, "Your order: 5 € [ready] @ noon", GSM), (STUDENT_, CLEAN_TEXT, GSM),
             (STUDENT_, "See you at practice 🎺 mañana", UNICODE)]
        ):  # fmt: skip
            app.command("submit", mark=mark, pdu=pdu(to, text, data_coding=coding, registered_delivery=1))
            submitted = app.wait("submitted", mark=mark, status=0)
            assert eventually(lambda to=to, text=text: text in npm.texts(to))
            receipt = app.wait("deliver", esm_class=4, receipted=submitted["id"])
            assert receipt["state"] == 2
            assert f"id:{submitted['id']} " in receipt["text"]
        assert app.wait("enquired"), "its enquire_link is answered"
        npm.smsc.command("enquire")
        assert npm.smsc.wait("answered")["status"] == 0
        for source, text in ((OUTSIDE_, "is the office open"), (STUDENT_, "Is the quiz on thursday or friday? 🎺")):
            coming = pdu(LINE_, text, source_addr=source, data_coding=UNICODE)
            before = len(npm.smsc.events_of("delivered", status=0))
            npm.smsc.command("deliver", pdu=coming)
            assert eventually(lambda before=before: len(npm.smsc.events_of("delivered", status=0)) > before)
            app.wait("deliver", source=source, text=text)


@pytest.mark.peer("node_smpp")
def test_npm_long_message_with_shuffled_and_repeated_parts(npm: NpmGateway) -> None:
    words = [
        "Tuesday's reading starts on page 12. ", "Skip the box on page 14. ", "Take notes on the river map. ",
        "Write two questions for the class. ", "The quiz covers chapter 3 only. ", "Bring your colored pencils. ",
        "Groups are the same as last week. ", "Ana and Theo present first. ", "The bus for the museum leaves at 9. ",
        "See you in room 12. ",
    ]  # fmt: skip
    pieces = [
        pdu(SECOND_, text, data_coding=GSM, udh=f"0500034d0a{number:02x}") for number, text in enumerate(words, 1)
    ]
    arriving = [*pieces, *pieces[:3]]
    random.Random(5).shuffle(arriving)
    with running("esme.js", npm.sms.port, "texting", "text-pw") as app:
        app.wait("bound", status=0)
        for mark, part in enumerate(arriving, 100):
            app.command("submit", mark=mark, pdu=part)
        ids = {app.wait("submitted", mark=mark, status=0)["id"] for mark in range(100, 113)}
        assert len(ids) == 10
        assert eventually(lambda: npm.texts(SECOND_) == words), npm.texts(SECOND_)
        app.command("submit", mark=200, pdu=pdu(SECOND_, f"{HELD_TEXT} npm", data_coding=GSM))
        id_ = app.wait("submitted", mark=200, status=0)["id"]
        assert "7a" in npm.sms.held(id_)["clauses"]
        assert npm.texts(SECOND_) == words
        npm.sms.decide(id_, "release")
        assert eventually(lambda: npm.texts(SECOND_)[-1] == f"{HELD_TEXT} npm")


@pytest.mark.peer("node_smpp")
def test_we_bind_again_after_npm_cuts_the_connection(npm: NpmGateway) -> None:
    with running("esme.js", npm.sms.port, "texting", "text-pw") as app:
        app.wait("bound", status=0)
        binds = len(npm.smsc.events_of("bind", right=True))
        npm.smsc.command("cut")
        assert eventually(lambda: len(npm.smsc.events_of("bind", right=True)) > binds)
        app.command("submit", mark=1, pdu=pdu(STUDENT_, "The bus leaves at eight in the morning.", data_coding=GSM))
        app.wait("submitted", mark=1, status=0)
        assert eventually(lambda: "The bus leaves at eight in the morning." in npm.texts(STUDENT_))


@pytest.mark.peer("node_smpp", "kannel")
def test_kannel_in_both_directions(npm: NpmGateway, tmp_path: Path) -> None:
    from tests.peers.kannel import running_kannel

    with running_kannel(tmp_path, npm.sms.port, "texting", "text-pw") as kannel:
        sessions = "chaperone_smpp_sessions"
        assert eventually(lambda: npm.sms.gateway.metric(sessions) == 1), kannel.log_text[-2000:]
        assert eventually(lambda: "enquire_link_resp" in kannel.log_text), "Kannel sees the answer"
        long = "Please read chapter nine and answer the questions at its end before our next lesson. " * 4
        trumpet = "".join(f"%{byte:02x}" for byte in "Bring the 🎺 mañana".encode("utf-16-be"))
        for to, form, words, said in (
            (OUTSIDE_, "text", "Your order is ready", "Your order is ready"),
            (STUDENT_, "text", "Practice is at five in the gym.", "Practice is at five in the gym."),
            (STUDENT_, "text", long, long.strip()),
            (STUDENT_, "ucs2", trumpet, "Bring the 🎺 mañana"),
        ):
            kannel.send(f"{LINE_} {to} {form} {words}")
            arrived = eventually(lambda to=to, said=said: said in "".join(npm.texts(to)))
            assert arrived, kannel.phone_output
        kannel.send(f"{LINE_} {SECOND_} text {HELD_TEXT} kannel")

        def held_rows() -> list[object]:
            rows = npm.sms.api("/held")[1]["items"]
            return [row for row in rows if row["recipients"] == [SECOND_STUDENT_PHONE]]

        assert eventually(held_rows)
        assert f"{HELD_TEXT} kannel" not in npm.texts(SECOND_)
        npm.smsc.command("deliver", pdu=pdu(LINE_, "Can I hand the essay in on Monday?", source_addr=STUDENT_))
        assert eventually(
            lambda: any("Can I hand the essay in on Monday?" in line for line in list(kannel.phone_output))
        )
    assert eventually(lambda: npm.sms.gateway.metric(sessions) == 0), "it unbound"


@pytest.mark.peer("kannel")
def test_kannel_with_a_wrong_password_is_refused(sms: SmsGateway, tmp_path: Path) -> None:
    from tests.peers.kannel import running_kannel

    with running_kannel(tmp_path, sms.port, "texting", "wrong") as kannel:
        assert eventually(lambda: "0x0000000e" in kannel.log_text.lower()), kannel.log_text[-1500:]
        assert sms.gateway.metric("chaperone_smpp_sessions") == 0
