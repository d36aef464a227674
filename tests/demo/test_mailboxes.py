"""The demo's mailboxes keep exact bytes."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiosmtplib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.mailboxes import DeliveredCopy, Mailboxes, mailbox_name, serve_mailboxes, slug

ODD = (
    b"From: A <a@riverbend.example>\r\nSubject: =?utf-8?q?Caf=C3=A9?= / ../Lab\r\nMessage-ID: <1@x>\r\n"
    b"X-Chaperone-Id: abc123; 00ff\r\n\r\n.dot\r\n..dots\r\n" + b"x" * 3000 + b"\r\n8-bit: \xc3\xa9\xff\r\n\r\n\r\n"
)


async def test_a_mailbox_keeps_the_exact_bytes(tmp_path: Path) -> None:
    mailboxes, copies = Mailboxes(tmp_path), list[DeliveredCopy]()
    mailboxes.report_to(copies.append)
    async with serve_mailboxes(mailboxes, 0, "mail.test") as address:
        host, _, port = address.rpartition(":")
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
            await client.ehlo()
            assert client.supports_extension("8BITMIME")
            assert client.supports_extension("SMTPUTF8")
            for sender in ("a@riverbend.example", "", "a@riverbend.example"):
                await client.sendmail(sender, ["Liam@students.riverbend.example", "b@riverbend.example"], ODD)
    boxes = {box.name: sorted(file.name for file in box.iterdir()) for box in tmp_path.iterdir()}
    assert boxes["b@riverbend.example"] == [f"000{n}-cafe-lab.eml" for n in (1, 2, 3)]
    assert len(boxes) == 2
    assert {path.read_bytes() for path in tmp_path.rglob("*.eml")} == {ODD}
    assert len(copies) == 6
    first, null = copies[0], copies[2]
    assert (first.recipient, first.sender) == ("Liam@students.riverbend.example", "a@riverbend.example")
    assert (first.author, first.gateway_id, first.message_id) == ("a@riverbend.example", "abc123", "<1@x>")
    assert first.path.is_file()
    assert null.sender == ""


async def test_early_deliveries_are_reported_later(tmp_path: Path) -> None:
    mailboxes, copies = Mailboxes(tmp_path), list[DeliveredCopy]()
    await mailboxes.deliver("a@x.example", ["b@x.example"], ODD)
    mailboxes.report_to(copies.append)
    await mailboxes.deliver("a@x.example", ["c@x.example"], ODD)
    assert [copy.recipient for copy in copies] == ["b@x.example", "c@x.example"]


async def test_numbering_continues_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        await Mailboxes(tmp_path).deliver("", ["b@x.example"], b"Subject: \r\n\r\n")
    names = sorted(file.name for file in (tmp_path / "b@x.example").iterdir())
    assert names == ["0001-no-subject.eml", "0002-no-subject.eml"]


async def test_an_unwritable_mailbox_defers(tmp_path: Path) -> None:
    (tmp_path / "b@x.example").touch()
    mailboxes = Mailboxes(tmp_path)
    async with serve_mailboxes(mailboxes, 0, "mail.test") as address:
        host, _, port = address.rpartition(":")
        with pytest.raises(aiosmtplib.SMTPDataError) as caught:
            await aiosmtplib.send(
                ODD, sender="a@x.example", recipients=["b@x.example"], hostname=host, port=int(port), start_tls=False
            )
    assert caught.value.code == 451


async def test_closing_ends_open_connections(tmp_path: Path) -> None:
    async with serve_mailboxes(Mailboxes(tmp_path), 0, "mail.test") as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        assert (await reader.readline()).startswith(b"220 ")
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()


@given(st.text(min_size=1, max_size=200))
def test_a_mailbox_name_is_a_safe_file_name(address: str) -> None:
    name = mailbox_name(address)
    assert Path(name).name == name
    assert not name.startswith(".")
    assert len(name) <= 140
    assert name.isascii()
    assert name.isprintable()


@given(st.lists(st.text("ab/.@_é", min_size=1, max_size=6), min_size=2, max_size=2, unique_by=str.lower))
def test_two_addresses_never_share_a_mailbox(pair: list[str]) -> None:
    assert mailbox_name(pair[0]) != mailbox_name(pair[1])


@given(st.text())
def test_a_slug_is_plain(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(title))
    assert len(slug(title)) <= 48
