"""Intake: what is stored with a message, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.messages.message import Envelope, Recipient, sha256_of
from gateway.core.messages.refusal import Refused
from gateway.core.mime.excerpt import excerpt, new_text
from gateway.core.mime.headers import HeaderSection
from gateway.core.mime.parts import mime_parts, text_part
from gateway.core.mime.seal import verify_seal
from gateway.core.relation.relate import relate
from gateway.observability.events import EventLog
from gateway.stages.intake import MessageIntake
from tests.relays.smtp.harness import AVERY, CLASS, JORDAN, TEACHER, FakeDirectory, MemoryStore, Policies, mail_content

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC).timestamp()


@dataclass
class IntakeRun:
    intake: MessageIntake
    store: MemoryStore
    woken: list[str]
    event_log: EventLog


def run_intake(**more) -> IntakeRun:
    store, woken, event_log = MemoryStore(), [], EventLog(CollectorRegistry())
    settings = {"time_zone": UTC, "max_waiting": 100, "shadow": False} | more
    intake = MessageIntake(
        store, store, FakeDirectory(), event_log, policy=Policies, wake_publisher=lambda: woken.append("published"),
        wake_delivery=lambda: woken.append("due"), **settings,
    )  # fmt: skip
    return IntakeRun(intake, store, woken, event_log)


def envelope(*recipients: str, sender: str = TEACHER) -> Envelope:
    return Envelope(sender, tuple(Recipient(address) for address in recipients))


def seal_id(key: bytes, content: bytes) -> str | None:
    return verify_seal(key, TEACHER, HeaderSection.of(content), content)


def relation(*recipients: str):
    return relate(TEACHER, (), recipients, FakeDirectory())


async def test_message_is_stored_with_its_seal_contacts_and_recipients() -> None:
    run = run_intake()
    whole = mail_content(TEACHER, AVERY)
    name = await run.intake.take(
        MAIL, envelope(AVERY), whole, relation(AVERY), NOW, fields=lambda id_: f"Received: {id_}\r\n".encode(),
        tls=True,
    )  # fmt: skip
    [(message, contacts, due)] = run.store.accepted
    assert message.id == name
    assert (message.content, message.sha256, message.received_at) == (whole, sha256_of(whole), NOW)
    assert message.prefix.startswith(f"Received: {name}\r\nX-Chaperone-Id: {name}; ".encode())
    assert seal_id(await run.store.get_or_create("seal"), message.prefix + message.content) == name
    assert message.tls
    assert due == frozenset()
    assert [(row.staff, row.student, row.night, row.alone) for row in contacts] == [("t1", "s1", True, True)]
    assert run.woken == ["published"]
    value = run.event_log.registry.get_sample_value(
        "chaperone_messages_total", {"channel": "mail", "direction": "staff_to_student"}
    )
    assert value == 1


async def test_ids_are_unique_and_in_order_of_time() -> None:
    run = run_intake()
    names = [await run.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW + n) for n in range(5)]
    assert names == sorted(set(names))


async def test_night_is_by_the_districts_time_zone() -> None:
    run = run_intake(time_zone=timezone(timedelta(hours=-6)))
    await run.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW)
    assert not run.store.accepted[0][1][0].night


async def test_forged_seals_are_removed_before_hashing() -> None:
    run = run_intake()
    clean = mail_content(TEACHER, AVERY)
    await run.intake.take(
        MAIL,
        envelope(AVERY),
        b"X-Chaperone-Id: a; b\r\nx-chaperone-ID:\r\n c\r\n" + clean,
        relation(AVERY),
        NOW,
    )
    assert run.store.messages[0].content == clean
    assert run.store.messages[0].sha256 == sha256_of(clean)


async def test_large_content_is_stored() -> None:
    run = run_intake()
    whole = mail_content(text=("A" * 76 + "\r\n") * 20_000)
    name = await run.intake.take(MAIL, envelope(AVERY), whole, relation(AVERY), NOW)
    [message] = run.store.messages
    assert message.content == whole
    assert seal_id(await run.store.get_or_create("seal"), message.prefix + whole) == name


async def test_text_message_is_stored_unchanged() -> None:
    run = run_intake()
    name = await run.intake.take(SMS, envelope("+15155550120"), b"X-Chaperone-Id: hi", relation(AVERY), NOW)
    [message] = run.store.messages
    assert (message.id, message.content, message.prefix, message.subject) == (name, b"X-Chaperone-Id: hi", b"", "")
    assert message.excerpt == "X-Chaperone-Id: hi"
    assert "get_or_create" not in run.store.asked


@pytest.mark.parametrize(("shadow", "due"), [(False, {"x@y.example"}), (True, {AVERY, CLASS, "x@y.example"})])
async def test_recipients_due_at_once(shadow: bool, due: set[str]) -> None:
    run = run_intake(shadow=shadow)
    people = (AVERY, CLASS, "x@y.example")
    await run.intake.take(MAIL, envelope(*people), mail_content(), relation(*people), NOW)
    assert run.store.accepted[0][2] == due
    assert sorted(run.woken) == ["due", "published"]


@pytest.mark.parametrize(("waiting", "full"), [(99, False), (100, True)])
async def test_full_store_refuses(waiting: int, full: bool) -> None:
    run = run_intake()
    run.store.waiting = waiting
    if not full:
        await run.intake.check_room()
        return
    with pytest.raises(Refused) as refused:
        await run.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW)
    assert refused.value.reply.startswith("452 4.3.1 ")
    assert not run.store.accepted
    assert not run.woken


async def test_store_that_is_down_is_a_temporary_refusal() -> None:
    run = run_intake()
    run.store.down = True
    calls = (
        run.intake.check_room(),
        run.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW),
        run.intake.forward(MAIL, envelope(AVERY), mail_content(), NOW),
        run.intake.released_as(
            TEACHER, HeaderSection(b"X-Chaperone-Id: a; b\r\n"), b"X-Chaperone-Id: a; b\r\n\r\n", [AVERY]
        ),
    )
    for call in calls:
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.reply.startswith("451 4.3.0 ")
    assert not run.woken


async def test_forwarded_message_is_due_without_a_relation() -> None:
    run = run_intake()
    whole = b"X-Chaperone-Id: kept; as it is\r\n" + mail_content()
    await run.intake.forward(MAIL, envelope(AVERY, JORDAN), whole, NOW, fields=lambda id_: b"Received: x\r\n")
    [(message, contacts, due)] = run.store.accepted
    assert (message.content, message.prefix, contacts) == (whole, b"Received: x\r\n", ())
    assert due == {AVERY, JORDAN}
    assert not message.relation
    assert run.woken == ["due"]


async def test_store_is_not_queried_without_a_seal() -> None:
    run = run_intake()
    assert not await run.intake.released_as(TEACHER, HeaderSection.of(mail_content()), mail_content(), [AVERY])
    assert not run.store.asked


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Yes.\n\nOn Tue, Nov 24, 2026 at 9:30 AM Dana <d@x> wrote:\n> See you\n> there", "Yes."),
        ("Yes.\n\nOn Tue, Nov 24, 2026 at 9:30 AM Dana Whitfield of Riverbend\n<d@x> wrote:\n\nSee you", "Yes."),
        ("Si.\n\nEl mar, 24 nov 2026, Dana escribió:\n> Hola", "Si."),
        ("Fine\n-----Original Message-----\nFrom: x\nhello", "Fine"),
        ("Fine\n\nFrom: Dana\nSent: Tuesday\nTo: x\n\nhello", "Fine"),
        ("One\n> two\nthree", "One\nthree"),
        ("Hello\n-- \nDana Whitfield", "Hello"),
        ("From here: to there\nOn time", "From here: to there\nOn time"),
    ],
)
def test_new_text(text: str, new: str) -> None:
    assert new_text(text) == new
    assert new_text(text.replace("\n", "\r\n")) == new


def test_excerpt() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>Hi <b>Avery</b></p><blockquote>old</blockquote>"
    file = b'Content-Disposition: attachment; filename="a.txt"\r\n\r\nnot this\r\n'
    mixed = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + file + b"--b\r\n" + html + b"\r\n--b--\r\n"
    assert excerpt(mime_parts(html)) == excerpt(mime_parts(mixed)) == "Hi Avery"
    assert excerpt(mime_parts(b"Content-Type: image/png\r\n\r\nxx")) == ""
    assert len(excerpt(mime_parts(b"\r\n" + b"word " * 50_000))) == 2000
    assert excerpt(text_part(b"see you")) == "see you"
