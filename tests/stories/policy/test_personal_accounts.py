"""Look-alikes, unknown addresses and outsiders in a serving gateway, with what administrators decide about them."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator

import pytest

from tests.peers.ports import free_port
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop

STUDENTS = "students.riverbend.example"
MAYA, JONAS, HARPER = f"maya.lindqvist@{STUDENTS}", f"jonas.stoltz@{STUDENTS}", f"harper.brekke@{STUDENTS}"
TEACHER = "peter.lindgren@riverbend.example"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with two processes that receive mail."""
    folder = tmp_path_factory.mktemp("accounts")
    more = ["smtp.workers = 2", f'metrics.listen = "127.0.0.1:{free_port()}"']
    with recording_hop() as next_hop, gateway_folder(folder, f"127.0.0.1:{next_hop.port}", settings=more) as gateway:
        gateway.start()
        yield gateway


def mail(
    number: str, sender: str, to: str, *, name: str = "", answers: str = "", text: str = "See you on Friday."
) -> bytes:
    answering = f"In-Reply-To: <{answers}@x.example>\r\n" if answers else ""
    author = f'"{name}" <{sender}>' if name else f"<{sender}>"
    return (
        f"From: {author}\r\nTo: <{to}>\r\nSubject: Friday\r\nMessage-ID: <{number}@x.example>\r\n{answering}"
        f"\r\n{text}\r\n"
    ).encode()


def in_scope(gateway: Gateway, number: str, sender: str, to: str, **more: str) -> bool:
    """Send a mail. Whether the gateway took it in: otherwise the next hop answers."""
    with smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=60) as client:
        client.ehlo()
        client.mail(sender)
        client.rcpt(to)
        code, answer = client.data(mail(number, sender, to, **more))
    assert code == 250, answer
    return b"queued as" in answer


def listed(gateway: Gateway, *arguments: str) -> list[dict[str, object]]:
    return list(json.loads(gateway.cli("directory", *arguments, "--json")))


def test_a_guess_is_confirmed_or_refused_in_every_process(serving: Gateway) -> None:
    home, other = "plindgren.home@freemail.example", "lindgren.peter82@freemail.example"
    assert in_scope(serving, "g1", home, MAYA)
    assert in_scope(serving, "g2", MAYA, other)

    def guesses() -> dict[object, dict[str, object]]:
        return {row["address"]: row for row in listed(serving, "accounts")}

    found = eventually(lambda: guesses() if {home, other} <= guesses().keys() else {})
    assert [(found[home][key], found[other][key]) for key in ("person", "basis")] == [
        ("s-06", "s-06"),
        ("local_part", "local_part"),
    ]
    serving.cli("directory", "refuse", home, "s-06", "--reason", "a namesake")
    serving.cli("directory", "confirm", "k9@freemail.example", TEACHER)
    number = iter(range(1000))
    eventually(lambda: not in_scope(serving, f"r{next(number)}", home, MAYA), 20)
    eventually(lambda: in_scope(serving, f"c{next(number)}", MAYA, "k9@freemail.example"), 20)
    for _ in range(6):  # whichever process takes the connection
        eventually(lambda: not in_scope(serving, f"r{next(number)}", home, MAYA), 10)
        eventually(lambda: in_scope(serving, f"c{next(number)}", MAYA, "k9@freemail.example"), 10)
    acts = [json.loads(line) for line in serving.cli("audit", "export").splitlines()]
    assert [(row["act"], row["subject"]) for row in acts if row["act"].startswith("personal account")] == [
        ("personal account refused", home),
        ("personal account confirmed", "k9@freemail.example"),
    ]
    assert [row["address"] for row in listed(serving, "accounts", "--status", "refused")] == [home]


def test_an_answer_to_a_lookalike_stays_in_scope(serving: Gateway) -> None:
    caught, silent = "peter.lindgren.private@freemail.example", "xk77@freemail.example"
    assert not in_scope(serving, "a0", MAYA, silent)
    assert in_scope(serving, "a1", caught, MAYA)
    assert in_scope(serving, "a2", MAYA, silent, answers="a1")
    assert in_scope(serving, "a3", TEACHER, JONAS)
    assert in_scope(serving, "a4", "sk8r@freemail.example", TEACHER, answers="a3")
    assert not in_scope(serving, "a5", "mother@freemail.example", TEACHER, name="Maria Stoltz", answers="a3")


def test_unknown_district_addresses_are_counted(serving: Gateway) -> None:
    for number in range(3):
        in_scope(serving, f"u{number}", TEACHER, "former.teacher@riverbend.example")
    in_scope(serving, "u9", TEACHER, "copier@riverbend.example")

    def rows() -> list[tuple[object, object]]:
        return [(row["address"], row["messages"]) for row in listed(serving, "unknown")]

    wanted = [("former.teacher@riverbend.example", 3), ("copier@riverbend.example", 1)]
    assert eventually(lambda: rows() if len(rows()) == 2 else []) == wanted


def test_an_outsider_who_writes_to_several_students_comes_into_scope(serving: Gateway) -> None:
    stranger = "rex.quill@freemail.example"
    assert [in_scope(serving, f"o{to[:3]}", stranger, to) for to in (MAYA, JONAS, HARPER)] == [False, False, True]
    office = "scholar@fund.example"
    serving.cli("directory", "organization", "fund.example", "--label", "a scholarship fund")
    for number, to in enumerate((MAYA, JONAS)):
        assert not in_scope(serving, f"p{number}", office, to, name="Scholarship Office")
    assert not in_scope(serving, "p3", office, HARPER, name="Scholarship Office")


def test_suggested_children_are_only_listed(serving: Gateway) -> None:
    assert isinstance(listed(serving, "suggest-children"), list)
