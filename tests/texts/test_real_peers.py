"""Between peers that nobody here wrote: npm's smpp as SMSC and as application, Kannel as application."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.node_smpp import Node, running
from tests.stories.gateway import eventually
from tests.texts.town import BAD, CLEAN, LINE, OUTSIDE, SECOND, STUDENT, Town, town

UNICODE, GSM = 8, 1
LINE_, STUDENT_, SECOND_, OUTSIDE_ = (each[1:] for each in (LINE, STUDENT, SECOND, OUTSIDE))


class Between:
    """A town whose SMSC is npm's."""

    def __init__(self, smsc: Node, made: Town) -> None:
        self.smsc, self.town = smsc, made

    def texts(self, to: str) -> list[str]:
        """What the SMSC took for a number."""
        return [str(each["text"]) for each in self.smsc.said("submit", to=to)]


@pytest.fixture(scope="module", name="between")
def _between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    with running("smsc.js") as smsc:
        port = smsc.wait("listening")["port"]

        class At:
            pass

        at = At()
        at.port = port  # type: ignore[attr-defined]
        with town(tmp_path_factory.mktemp("between"), at) as made:  # type: ignore[arg-type]
            yield Between(smsc, made)


def pdu(to: str, text: str, **more: object) -> dict[str, object]:
    """A text as npm's smpp takes it."""
    return {
        "source_addr": LINE_, "source_addr_ton": 1, "source_addr_npi": 1, "destination_addr": to, "dest_addr_ton": 1,
        "dest_addr_npi": 1, "short_message": text, **more,
    }  # fmt: skip


@pytest.mark.peer("node_smpp")
def test_npm_binds_and_a_wrong_password_is_refused(between: Between) -> None:
    assert between.smsc.said("bind", right=True)
    with running("esme.js", between.town.port, "texting", "wrong") as app:
        assert app.wait("bound")["status"] == 0x0E
        app.wait("closed")
    for how in ("transmitter", "receiver", "transceiver"):
        with running("esme.js", between.town.port, "texting", "text-pw", how) as app:
            assert app.wait("bound")["status"] == 0
            app.ask("unbind")
            app.wait("unbound")


@pytest.mark.peer("node_smpp")
def test_npm_both_ways(between: Between) -> None:
    with running("esme.js", between.town.port, "texting", "text-pw") as app:
        app.wait("bound", status=0)
        for mark, (to, text, coding) in enumerate(
            [(OUTSIDE_, "Your order: 5 € [ready] @ noon", GSM), (STUDENT_, CLEAN, GSM),
             (STUDENT_, "See you at practice 🎺 mañana", UNICODE)]
        ):  # fmt: skip
            app.ask("submit", mark=mark, pdu=pdu(to, text, data_coding=coding, registered_delivery=1))
            submitted = app.wait("submitted", mark=mark, status=0)
            assert eventually(lambda to=to, text=text: text in between.texts(to))
            receipt = app.wait("deliver", esm_class=4, receipted=submitted["id"])
            assert receipt["state"] == 2
            assert f"id:{submitted['id']} " in receipt["text"]
        assert app.wait("enquired"), "its enquire_link is answered"
        between.smsc.ask("enquire")
        assert between.smsc.wait("answered")["status"] == 0
        for source, text in ((OUTSIDE_, "is the office open"), (STUDENT_, "Is the quiz on thursday or friday? 🎺")):
            coming = pdu(LINE_, text, source_addr=source, data_coding=UNICODE)
            before = len(between.smsc.said("delivered", status=0))
            between.smsc.ask("deliver", pdu=coming)
            assert eventually(lambda before=before: len(between.smsc.said("delivered", status=0)) > before)
            app.wait("deliver", source=source, text=text)


@pytest.mark.peer("node_smpp")
def test_npm_long_ones_shuffled_and_doubled(between: Between) -> None:
    words = [
        "Tuesday's reading starts on page 12. ", "Skip the box on page 14. ", "Take notes on the river map. ",
        "Write two questions for the class. ", "The quiz covers chapter 3 only. ", "Bring your colored pencils. ",
        "Groups are the same as last week. ", "Ana and Theo present first. ", "The bus for the museum leaves at 9. ",
        "See you in room 12. ",
    ]  # fmt: skip
    pieces = [
        pdu(SECOND_, text, data_coding=GSM, udh=f"0500034d0a{number:02x}") for number, text in enumerate(words, 1)
    ]
    coming = [*pieces, *pieces[:3]]
    random.Random(5).shuffle(coming)
    with running("esme.js", between.town.port, "texting", "text-pw") as app:
        app.wait("bound", status=0)
        for mark, each in enumerate(coming, 100):
            app.ask("submit", mark=mark, pdu=each)
        ids = {app.wait("submitted", mark=mark, status=0)["id"] for mark in range(100, 113)}
        assert len(ids) == 10
        assert eventually(lambda: between.texts(SECOND_) == words), between.texts(SECOND_)
        app.ask("submit", mark=200, pdu=pdu(SECOND_, f"{BAD} npm", data_coding=GSM))
        id_ = app.wait("submitted", mark=200, status=0)["id"]
        assert "7a" in between.town.held(id_)["clauses"]
        assert between.texts(SECOND_) == words
        between.town.decide(id_, "release")
        assert eventually(lambda: between.texts(SECOND_)[-1] == f"{BAD} npm")


@pytest.mark.peer("node_smpp")
def test_npm_cuts_the_connection_and_we_bind_again(between: Between) -> None:
    with running("esme.js", between.town.port, "texting", "text-pw") as app:
        app.wait("bound", status=0)
        binds = len(between.smsc.said("bind", right=True))
        between.smsc.ask("cut")
        assert eventually(lambda: len(between.smsc.said("bind", right=True)) > binds)
        app.ask("submit", mark=1, pdu=pdu(STUDENT_, "The bus leaves at eight in the morning.", data_coding=GSM))
        app.wait("submitted", mark=1, status=0)
        assert eventually(lambda: "The bus leaves at eight in the morning." in between.texts(STUDENT_))


@pytest.mark.peer("node_smpp", "kannel")
def test_kannel_both_ways(between: Between, tmp_path: Path) -> None:
    from tests.peers.kannel import running_kannel

    with running_kannel(tmp_path, between.town.port, "texting", "text-pw") as kannel:
        sessions = "chaperone_smpp_sessions"
        assert eventually(lambda: between.town.gateway.metric(sessions) == 1), kannel.said[-2000:]
        assert eventually(lambda: "enquire_link_resp" in kannel.said), "and it knows"
        long = "Please read chapter nine and answer the questions at its end before our next lesson. " * 4
        trumpet = "".join(f"%{each:02x}" for each in "Bring the 🎺 mañana".encode("utf-16-be"))
        for to, form, words, said in (
            (OUTSIDE_, "text", "Your order is ready", "Your order is ready"),
            (STUDENT_, "text", "Practice is at five in the gym.", "Practice is at five in the gym."),
            (STUDENT_, "text", long, long.strip()),
            (STUDENT_, "ucs2", trumpet, "Bring the 🎺 mañana"),
        ):
            kannel.says(f"{LINE_} {to} {form} {words}")
            arrived = eventually(lambda to=to, said=said: said in "".join(between.texts(to)))
            assert arrived, kannel.heard
        kannel.says(f"{LINE_} {SECOND_} text {BAD} kannel")
        held = lambda: [row for row in between.town.api("/held")[1]["items"] if row["recipients"] == [SECOND]]  # noqa: E731
        assert eventually(held)
        assert f"{BAD} kannel" not in between.texts(SECOND_)
        between.smsc.ask("deliver", pdu=pdu(LINE_, "Can I hand the essay in on Monday?", source_addr=STUDENT_))
        assert eventually(lambda: any("Can I hand the essay in on Monday?" in line for line in list(kannel.heard)))
    assert eventually(lambda: between.town.gateway.metric(sessions) == 0), "it unbound"


@pytest.mark.peer("kannel")
def test_kannel_with_a_wrong_password_stays_out(town: Town, tmp_path: Path) -> None:
    from tests.peers.kannel import running_kannel

    with running_kannel(tmp_path, town.port, "texting", "wrong") as kannel:
        assert eventually(lambda: "0x0000000e" in kannel.said.lower()), kannel.said[-1500:]
        assert town.gateway.metric("chaperone_smpp_sessions") == 0
