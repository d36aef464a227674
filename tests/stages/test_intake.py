"""Intake: what is durable, what it is given, and what is refused."""

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
from gateway.core.policy.relation import relate
from gateway.observability.events import EventLog
from gateway.stages.intake import MessageIntake
from tests.relays.smtp.harness import AVERY, CLASS, JORDAN, TEACHER, FakeDirectory, MemoryStore, Policies, mail_content

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC).timestamp()


@dataclass
class World:
    intake: MessageIntake
    kept: MemoryStore
    woken: list[str]
    event_log: EventLog


def world(**more) -> World:
    kept, woken, event_log = MemoryStore(), [], EventLog(CollectorRegistry())
    settings = {"time_zone": UTC, "max_waiting": 100, "shadow": False} | more
    intake = MessageIntake(
        kept, kept, FakeDirectory(), event_log, policy=Policies, wake_publisher=lambda: woken.append("published"),
        wake_delivery=lambda: woken.append("due"), **settings,
    )  # fmt: skip
    return World(intake, kept, woken, event_log)


def envelope(*recipients: str, sender: str = TEACHER) -> Envelope:
    return Envelope(sender, tuple(Recipient(each) for each in recipients))


def seal_id(key: bytes, content: bytes) -> str | None:
    return verify_seal(key, HeaderSection.of(content), content)


def relation(*recipients: str):
    return relate(TEACHER, (), recipients, FakeDirectory())


async def test_a_message_is_durable_with_all_that_drives_it() -> None:
    w = world()
    whole = mail_content(TEACHER, AVERY)
    name = await w.intake.take(
        MAIL, envelope(AVERY), whole, relation(AVERY), NOW, fields=lambda id_: f"Received: {id_}\r\n".encode(),
        tls=True,
    )  # fmt: skip
    [(message, contacts, due)] = w.kept.accepted
    assert message.id == name
    assert (message.content, message.sha256, message.received_at) == (whole, sha256_of(whole), NOW)
    assert message.prefix.startswith(f"Received: {name}\r\nX-Chaperone-Id: {name}; ".encode())
    assert seal_id(await w.kept.secret("seal"), message.prefix + message.content) == name
    assert message.tls
    assert due == frozenset()
    assert [(each.staff, each.student, each.night, each.alone) for each in contacts] == [("t1", "s1", True, True)]
    assert w.woken == ["published"]
    value = w.event_log.registry.get_sample_value(
        "chaperone_messages_total", {"channel": "mail", "direction": "staff_to_student"}
    )
    assert value == 1


async def test_ids_are_new_each_time_and_in_order_of_time() -> None:
    w = world()
    names = [await w.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW + n) for n in range(5)]
    assert names == sorted(set(names))


async def test_night_is_night_by_the_districts_clock() -> None:
    w = world(time_zone=timezone(timedelta(hours=-6)))
    await w.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW)
    assert not w.kept.accepted[0][1][0].night


async def test_forged_seals_go_before_the_hash() -> None:
    w = world()
    clean = mail_content(TEACHER, AVERY)
    await w.intake.take(
        MAIL,
        envelope(AVERY),
        b"X-Chaperone-Id: a; b\r\nx-chaperone-ID:\r\n c\r\n" + clean,
        relation(AVERY),
        NOW,
    )
    assert w.kept.messages[0].content == clean
    assert w.kept.messages[0].sha256 == sha256_of(clean)


async def test_large_contents_come_through_as_well() -> None:
    w = world()
    whole = mail_content(text=("A" * 76 + "\r\n") * 20_000)
    name = await w.intake.take(MAIL, envelope(AVERY), whole, relation(AVERY), NOW)
    [message] = w.kept.messages
    assert message.content == whole
    assert seal_id(await w.kept.secret("seal"), message.prefix + whole) == name


async def test_a_text_is_kept_as_it_is() -> None:
    w = world()
    name = await w.intake.take(SMS, envelope("+15155550120"), b"X-Chaperone-Id: hi", relation(AVERY), NOW)
    [message] = w.kept.messages
    assert (message.id, message.content, message.prefix, message.subject) == (name, b"X-Chaperone-Id: hi", b"", "")
    assert message.excerpt == "X-Chaperone-Id: hi"
    assert "get_or_create" not in w.kept.asked


@pytest.mark.parametrize(("shadow", "due"), [(False, {"x@y.example"}), (True, {AVERY, CLASS, "x@y.example"})])
async def test_who_is_due_at_once(shadow: bool, due: set[str]) -> None:
    w = world(shadow=shadow)
    people = (AVERY, CLASS, "x@y.example")
    await w.intake.take(MAIL, envelope(*people), mail_content(), relation(*people), NOW)
    assert w.kept.accepted[0][2] == due
    assert sorted(w.woken) == ["due", "published"]


@pytest.mark.parametrize(("waiting", "full"), [(99, False), (100, True)])
async def test_the_bound_of_the_store(waiting: int, full: bool) -> None:
    w = world()
    w.kept.waiting = waiting
    if not full:
        await w.intake.room()
        return
    with pytest.raises(Refused) as refused:
        await w.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW)
    assert refused.value.reply.startswith("452 4.3.1 ")
    assert not w.kept.accepted
    assert not w.woken


async def test_a_store_that_is_down_means_not_now() -> None:
    w = world()
    w.kept.down = True
    calls = (
        w.intake.room(),
        w.intake.take(MAIL, envelope(AVERY), mail_content(), relation(AVERY), NOW),
        w.intake.forward(MAIL, envelope(AVERY), mail_content(), NOW),
        w.intake.was_released(HeaderSection(b"X-Chaperone-Id: a; b\r\n"), b"X-Chaperone-Id: a; b\r\n\r\n", [AVERY]),
    )
    for call in calls:
        with pytest.raises(Refused) as refused:
            await call
        assert refused.value.reply.startswith("451 4.3.0 ")
    assert not w.woken


async def test_what_was_decided_before_is_queued_without_a_pair() -> None:
    w = world()
    whole = b"X-Chaperone-Id: kept; as it is\r\n" + mail_content()
    await w.intake.forward(MAIL, envelope(AVERY, JORDAN), whole, NOW, fields=lambda id_: b"Received: x\r\n")
    [(message, contacts, due)] = w.kept.accepted
    assert (message.content, message.prefix, contacts) == (whole, b"Received: x\r\n", ())
    assert due == {AVERY, JORDAN}
    assert not message.relation
    assert w.woken == ["due"]


async def test_the_store_is_not_asked_where_there_is_no_seal() -> None:
    w = world()
    assert not await w.intake.was_released(HeaderSection.of(mail_content()), mail_content(), [AVERY])
    assert not w.kept.asked


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
def test_only_what_is_new(text: str, new: str) -> None:
    assert new_text(text) == new
    assert new_text(text.replace("\n", "\r\n")) == new


def test_excerpts() -> None:
    html = b"Content-Type: text/html\r\n\r\n<p>Hi <b>Avery</b></p><blockquote>old</blockquote>"
    file = b'Content-Disposition: attachment; filename="a.txt"\r\n\r\nnot this\r\n'
    mixed = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + file + b"--b\r\n" + html + b"\r\n--b--\r\n"
    assert excerpt(mime_parts(html)) == excerpt(mime_parts(mixed)) == "Hi Avery"
    assert excerpt(mime_parts(b"Content-Type: image/png\r\n\r\nxx")) == ""
    assert len(excerpt(mime_parts(b"\r\n" + b"word " * 50_000))) == 2000
    assert excerpt(text_part(b"see you")) == "see you"
