"""The parts of the demo, each by itself: district, sample traffic, folder, mailboxes, window, scenes."""

from __future__ import annotations

import asyncio
import csv
import email
import email.policy
import re
import socket
from pathlib import Path

import aiosmtplib
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway.demo
from gateway.core.fault import Fault
from gateway.demo.folder import DOMAINS, claim, free_ports, people, settle
from gateway.demo.mailbox import Arrival, Mailboxes, box_of, listening, slug
from gateway.demo.phones import Phones, Text, ringing
from gateway.demo.traffic import Sample, pauses, sample_texts, samples
from gateway.settings.model import load

DISTRICT = Path(gateway.demo.__file__).parent / "district"
PHONE = re.compile(r"\b\d{3}[-. ]?\d{3}[-. ]?\d{4}\b")


def rows(name: str) -> list[dict[str, str]]:
    with (DISTRICT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def traffic() -> list[Sample]:
    return samples(people(DISTRICT).names, "run")


# --- the district and its traffic ----------------------------------------------------------------------------------


def test_the_district_hangs_together() -> None:
    users = {row["sourcedId"]: row for row in rows("oneroster/users.csv")}
    orgs = {row["sourcedId"] for row in rows("oneroster/orgs.csv")}
    classes = {row["sourcedId"]: row for row in rows("oneroster/classes.csv")}
    courses = {row["sourcedId"] for row in rows("oneroster/courses.csv")}
    terms = {row["sourcedId"] for row in rows("oneroster/academicSessions.csv")}
    addresses = {row["email"] for row in users.values()}
    assert len(addresses) == len(users)
    for row in users.values():
        assert set(row["orgSourcedIds"].split(",")) <= orgs
        assert set(filter(None, row["agentSourcedIds"].split(","))) <= set(users)
        assert (row["email"].endswith("@" + DOMAINS[1])) == (row["role"] == "student")
    for row in classes.values():
        assert {row["courseSourcedId"]} <= courses
        assert set(row["termSourcedIds"].split(",")) <= terms
    for row in rows("oneroster/enrollments.csv"):
        assert row["classSourcedId"] in classes
        assert users[row["userSourcedId"]]["role"] == row["role"]
    assert {row["member"] for row in rows("groups.csv")} <= addresses
    assert {row["person"] for row in rows("contacts.csv")} <= set(users)


def test_a_teacher_is_the_guardian_of_a_student() -> None:
    users = {row["sourcedId"]: row for row in rows("oneroster/users.csv")}
    own = [(row, users[agent]) for row in users.values() for agent in row["agentSourcedIds"].split(",") if agent]
    assert "Ngozi" in {child["givenName"] for child, parent in own if parent["role"] == "teacher"}


def test_nothing_in_the_sample_could_be_anybodys() -> None:
    files = [*DISTRICT.rglob("*.csv"), DISTRICT.parent / "traffic.toml"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert len(files) > 8
    assert {m[0] for m in re.finditer(r"@[\w.-]+\.(\w+)", text)} == {
        m[0] for m in re.finditer(r"@[\w.-]+\.example\b", text)
    }
    numbers = [re.sub(r"\D", "", each) for each in PHONE.findall(text)]
    assert len(numbers) > 10
    assert all(re.fullmatch(r"51555501\d\d", each) for each in numbers)


def test_the_traffic_has_every_kind_of_outcome_and_a_held_one_at_once(traffic: list[Sample]) -> None:
    assert {each for sample in traffic for each in sample.expect} == {"passed", "release", "flag", "hold", "alert"}
    assert ("hold",) in [sample.expect for sample in traffic[:3]]
    assert len({sample.subject for sample in traffic}) == len(traffic) == len({sample.message_id for sample in traffic})
    waits = [pause for _, pause in zip(traffic, pauses(), strict=False)]
    assert sum(waits[:3]) < 2.5
    assert 60 < sum(waits) < 600


def test_who_writes_is_on_the_roster_or_outside(traffic: list[Sample]) -> None:
    known = set(people(DISTRICT).names) | {row["address"] for row in rows("groups.csv")}
    for sample in traffic:
        for address in (sample.sender, *sample.recipients):
            assert address in known or not address.endswith(DOMAINS), address


def test_texts_are_between_numbers_of_the_district_and_have_every_outcome() -> None:
    numbers = {row["value"] for row in rows("contacts.csv")}
    texts = sample_texts()
    assert {each for text in texts for each in text.expect} == {"passed", "release", "hold", "alert"}
    for text in texts:
        assert (text.sender in numbers and text.recipient in numbers) == (text.expect != ("passed",))
        assert text.note
        assert "\n" not in text.text


async def test_phones_and_application_are_given_what_comes_out(tmp_path: Path) -> None:
    phones, came = Phones(tmp_path, "token"), list[Arrival]()
    phones.tell = came.append
    port = free_ports({"phones": 0})["phones"]
    async with ringing(phones, port) as address, httpx.AsyncClient(trust_env=False) as client:
        known: list[str] = []
        text = Text("+15155550161", "+15155550190", "Forms are due", "note", ("passed",), False)
        # the gateway passes it through: the simulated provider is asked while the application waits
        await phones.send(text, address, known.append)
        assert [(each.recipient, each.subject, each.message_id) for each in came] == [
            ("+15155550190", "Forms are due", known[-1])
        ]
        assert came[0].path.read_text() == "Forms are due\n"
        answer = await client.post(f"http://{address}/app", data={"From": "1", "To": "2", "Body": "unannounced"})
        assert answer.text == "<Response/>"
        assert len(came) == 1, "what nobody announced is filed, and followed where it is held"
        assert len(list(tmp_path.glob("*/*.txt"))) == 2


def test_samples_are_whole_messages(traffic: list[Sample]) -> None:
    for sample in traffic:
        read = email.message_from_bytes(sample.content, policy=email.policy.default)
        assert not read.defects
        assert read["Message-ID"] == sample.message_id
        assert read["Subject"] == sample.subject
        assert b"\n" not in sample.content.replace(b"\r\n", b"")
        assert sample.note
        assert sample.expect
    answer = next(each for each in traffic if each.subject == "Re: volcano")
    asked = next(each for each in traffic if each.subject == "volcano")
    assert asked.message_id.encode() in answer.content


# --- the folder ----------------------------------------------------------------------------------------------------


def test_the_configuration_is_one_that_the_gateway_takes(tmp_path: Path) -> None:
    folder = claim(tmp_path / "demo")
    place = settle(folder, free_ports(), "127.0.0.1:1", "127.0.0.1:2")
    settings = load(place.config, {})
    assert settings.smtp.listen == (place.smtp,)
    assert settings.console.listen == place.console
    assert settings.metrics.listen == place.metrics
    assert {settings.smtp.next_hop[each] for each in DOMAINS} == {"127.0.0.1:1"}
    assert settings.smtp.next_hop["*"] == "127.0.0.1:2"
    assert settings.directory.oneroster.is_dir()
    assert settings.directory.groups is not None
    assert settings.directory.groups.is_file()
    assert settings.directory.contacts is not None
    assert settings.directory.contacts.is_file()
    assert Path(settings.store.url.removeprefix("sqlite:///")).parent.is_dir()
    assert (place.people.staff, place.people.students, place.people.schools) == (14, 40, 3)


def test_a_folder_of_the_demo_is_taken_again_with_what_was_changed_in_its_district(tmp_path: Path) -> None:
    settle(claim(tmp_path), free_ports(), "127.0.0.1:1", "127.0.0.1:2")
    (tmp_path / "district/groups.csv").write_text("address,member\r\n", encoding="utf-8")
    claim(tmp_path)
    assert (tmp_path / "district/groups.csv").read_text(encoding="utf-8") == "address,member\n"


@pytest.mark.parametrize("name", ["chaperone.toml", "letters.txt"])
def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[district]\n", encoding="utf-8")
    with pytest.raises(Fault, match="--dir"):
        claim(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "[district]\n"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="--dir"):
        claim(tmp_path / "file")


def test_ports_are_distinct_and_not_those_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        ports = free_ports()
        assert busy not in ports.values()
        assert len(set(ports.values())) == len(ports) == 7
        again = free_ports({"smtp": busy})
        assert again["smtp"] != busy


# --- mailboxes -----------------------------------------------------------------------------------------------------

ODD = (
    b"From: A <a@riverbend.example>\r\nSubject: =?utf-8?q?Caf=C3=A9?= / ../Lab\r\nMessage-ID: <1@x>\r\n"
    b"X-Chaperone-Id: abc123; 00ff\r\n\r\n.dot\r\n..dots\r\n" + b"x" * 3000 + b"\r\n8-bit: \xc3\xa9\xff\r\n\r\n\r\n"
)


async def test_a_mailbox_keeps_the_exact_bytes(tmp_path: Path) -> None:
    mailboxes, arrivals = Mailboxes(tmp_path), list[Arrival]()
    mailboxes.tell(arrivals.append)
    async with listening(mailboxes, 0, "mail.test") as address:
        host, _, port = address.rpartition(":")
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
            await client.ehlo()
            assert client.supports_extension("8BITMIME")
            assert client.supports_extension("SMTPUTF8")
            for sender in ("a@riverbend.example", "", "a@riverbend.example"):
                await client.sendmail(sender, ["Liam@students.riverbend.example", "b@riverbend.example"], ODD)
    boxes = {box.name: sorted(each.name for each in box.iterdir()) for box in tmp_path.iterdir()}
    assert boxes["b@riverbend.example"] == [f"000{n}-cafe-lab.eml" for n in (1, 2, 3)]
    assert len(boxes) == 2
    assert {path.read_bytes() for path in tmp_path.rglob("*.eml")} == {ODD}
    assert len(arrivals) == 6
    first, null = arrivals[0], arrivals[2]
    assert (first.recipient, first.sender) == ("Liam@students.riverbend.example", "a@riverbend.example")
    assert (first.author, first.gateway_id, first.message_id) == ("a@riverbend.example", "abc123", "<1@x>")
    assert first.path.is_file()
    assert null.sender == ""


async def test_what_came_before_anybody_listened_is_said_then(tmp_path: Path) -> None:
    mailboxes, arrivals = Mailboxes(tmp_path), list[Arrival]()
    await mailboxes.file("a@x.example", ["b@x.example"], ODD)
    mailboxes.tell(arrivals.append)
    await mailboxes.file("a@x.example", ["c@x.example"], ODD)
    assert [each.recipient for each in arrivals] == ["b@x.example", "c@x.example"]


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        await Mailboxes(tmp_path).file("", ["b@x.example"], b"Subject: \r\n\r\n")
    names = sorted(each.name for each in (tmp_path / "b@x.example").iterdir())
    assert names == ["0001-no-subject.eml", "0002-no-subject.eml"]


async def test_a_mailbox_that_cannot_be_written_defers(tmp_path: Path) -> None:
    (tmp_path / "b@x.example").touch()
    mailboxes = Mailboxes(tmp_path)
    async with listening(mailboxes, 0, "mail.test") as address:
        host, _, port = address.rpartition(":")
        with pytest.raises(aiosmtplib.SMTPDataError) as caught:
            await aiosmtplib.send(
                ODD, sender="a@x.example", recipients=["b@x.example"], hostname=host, port=int(port), start_tls=False
            )
    assert caught.value.code == 451


async def test_closing_ends_open_connections(tmp_path: Path) -> None:
    async with listening(Mailboxes(tmp_path), 0, "mail.test") as address:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        assert (await reader.readline()).startswith(b"220 ")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


@given(st.text(min_size=1, max_size=200))
def test_the_name_of_a_mailbox_is_one_safe_name(address: str) -> None:
    name = box_of(address)
    assert Path(name).name == name
    assert not name.startswith(".")
    assert len(name) <= 140
    assert name.isascii()
    assert name.isprintable()


@given(st.lists(st.text("ab/.@_é", min_size=1, max_size=6), min_size=2, max_size=2, unique_by=str.lower))
def test_no_two_addresses_share_a_mailbox(pair: list[str]) -> None:
    assert box_of(pair[0]) != box_of(pair[1])


@given(st.text())
def test_a_slug_is_plain(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(title))
    assert len(slug(title)) <= 48
