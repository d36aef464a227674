"""The main job between two real Postfix instances: embedded, and over Apache Kafka and PostgreSQL in four processes."""

from __future__ import annotations

import hashlib
import json
import smtplib
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.mail_servers import Arrived
from tests.peers.postfix import Postfix, running_postfix
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.prepended_fields import split_prepended, without_front_received
from tests.stories.sample_mails import STUDENT_DOMAIN, STUDENTS, SampleMail, sample_mails

pytestmark = pytest.mark.peer("postfix")
COUNT = 250


@pytest.fixture(
    params=[
        pytest.param("embedded", id="embedded"),
        pytest.param("kafka", id="kafka-postgresql", marks=pytest.mark.peer("kafka", "postgresql", "kcat")),
    ]
)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Gateway, Postfix, str, list[Path]]]:
    """A gateway, the Postfix behind it, its topic prefix, and every folder that data could be written to."""
    prefix = f"story{uuid.uuid4().hex[:8]}"
    with running_postfix("maildir", name="back") as back:
        if request.param == "embedded":
            with gateway_folder(tmp_path, f"127.0.0.1:{back.port}") as gateway:
                gateway.start()
                yield gateway, back, "", [tmp_path]
            return
        kafka, postgresql = request.getfixturevalue("kafka"), request.getfixturevalue("postgresql")
        with gateway_folder(
            tmp_path, f"127.0.0.1:{back.port}", bus=f"kafka://{kafka.bootstrap}", store=postgresql.database(),
            settings=[f'bus.topic_prefix = "{prefix}"'],
        ) as gateway:  # fmt: skip
            processes = [gateway.start(role, wait=False) for role in ("smtp", "classify", "decide", "deliver")]
            for process in processes:
                gateway.wait_ready(process)
            yield gateway, back, prefix, [tmp_path, Path(kafka.folder), Path(postgresql.folder)]


def test_hundreds_of_messages(running: tuple[Gateway, Postfix, str, list[Path]]) -> None:
    """Mail out of scope arrives without a trace, clean mail arrives, prohibited mail is held; bytes are unchanged."""
    gateway, back, prefix, folders = running
    marker = f"ZEBRA{uuid.uuid4().hex}"
    sent = sample_mails(COUNT, seed=4711, marker=marker)
    with running_postfix(f"127.0.0.1:{gateway.smtp}", name="front") as front:
        with smtplib.SMTP("127.0.0.1", front.port) as client:
            for mail in sent:
                client.sendmail(mail.sender, [mail.recipient], mail.content)
        to_arrive = [mail for mail in sent if mail.expected in ("clean", "out of scope")]
        to_be_held = [mail for mail in sent if mail not in to_arrive]
        assert eventually(lambda: len(_mails(back)) >= len(to_arrive) and front.queued() == 0, 120)

    held = eventually(lambda: (rows := gateway.held()) and len(rows) >= len(to_be_held) and rows, 60) or []
    subjects = {row["id"]: row for row in held}
    shown = gateway.cli("held", "list")
    assert all(id_ in shown for id_ in subjects)
    traces = {trace["message_id"]: trace for name in STUDENTS for trace in gateway.traces(f"{name}@{STUDENT_DOMAIN}")}
    traces = {mail.message_id: traces[mail.message_id] for mail in to_be_held}
    for mail in to_be_held:
        trace = traces[mail.message_id]
        assert trace["action"] == "hold", mail.message_id
        assert mail.expected in trace["clauses"], (mail.message_id, mail.expected, trace["clauses"])
        assert trace["id"] in subjects
    assert len(held) == len(to_be_held)

    arrived = _mails(back)
    by_id = {_message_id(copy): copy for copy in arrived}
    assert sorted(by_id) == sorted(mail.message_id for mail in to_arrive)
    assert len(arrived) == len(to_arrive), "a message was delivered twice"
    for mail in to_arrive:
        _assert_same_bytes(mail, by_id[mail.message_id])

    _release_once(gateway, back, to_be_held[0], traces[to_be_held[0].message_id])
    _assert_no_trace(marker, folders)
    if prefix:
        _check_topics(bootstrap_of(gateway), prefix, traces)
    assert "valid" in gateway.cli("audit", "verify")


def _mails(back: Postfix) -> list[Arrived]:
    """What arrived, without the gateway's own notices to people whose messages wait."""
    return [copy for copy in back.arrived() if copy.sender]


def bootstrap_of(gateway: Gateway) -> str:
    """The bootstrap server in a gateway's configuration."""
    line = next(line for line in gateway.config.read_text().splitlines() if line.startswith("bus.url"))
    return line.partition("kafka://")[2].strip('"')


def _message_id(arrived: Arrived) -> str:
    section = arrived.content.partition(b"\r\n\r\n")[0]
    return next(
        line.partition(b": ")[2].decode() for line in section.split(b"\r\n") if line.lower().startswith(b"message-id:")
    )


def _assert_same_bytes(mail: SampleMail, arrived: Arrived) -> None:
    assert arrived.recipient == mail.recipient
    assert arrived.sender == mail.sender
    prepended, content = split_prepended(arrived.content)
    assert b"by gateway.riverbend.example" in prepended
    assert (b"X-Chaperone-Id:" in prepended) == (mail.expected != "out of scope")
    assert without_front_received(content) == mail.content


def _release_once(gateway: Gateway, back: Postfix, mail: SampleMail, trace: dict[str, Any]) -> None:
    gateway.cli("held", "release", trace["id"], "--reason", "looked at")
    refused = gateway.cli("held", "release", trace["id"], "--reason", "pressed twice", code=1)
    assert "decided first by terminal:" in refused
    copies = lambda: [copy for copy in back.arrived() if _message_id(copy) == mail.message_id]  # noqa: E731
    assert eventually(copies)
    _assert_same_bytes(mail, copies()[0])
    _, content = split_prepended(copies()[0].content)
    assert hashlib.sha256(content).hexdigest() == trace["sha256"]
    assert eventually(lambda: gateway.trace(mail.message_id)[0]["recipients"][0]["state"] == "sent")
    assert len(copies()) == 1


def _assert_no_trace(marker: str, folders: list[Path]) -> None:
    for folder in folders:
        found = subprocess.run(["grep", "-rlF", marker, str(folder)], capture_output=True, text=True, check=False)
        assert found.stdout == "", f"out-of-scope content on disk: {found.stdout}"


def _check_topics(bootstrap: str, prefix: str, traces: dict[str, dict[str, Any]]) -> None:
    """The records on the topics, read with an independent client."""

    def read(topic: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            ["kcat", "-b", bootstrap, "-C", "-t", f"{prefix}.{topic}", "-e", "-q", "-J"],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return [json.loads(line) for line in done.stdout.splitlines()]

    messages = {}
    for record in read("messages"):
        names = record["headers"][::2]
        envelope = json.loads(record["headers"][names.index("chaperone") * 2 + 1])
        messages[envelope["id"]] = (record, envelope)
    verdicts = {row["id"]: row for row in (json.loads(record["payload"]) for record in read("verdicts"))}
    decisions = [json.loads(record["payload"]) for record in read("decisions")]
    for trace in traces.values():
        record, envelope = messages[trace["id"]]
        assert envelope["v"] == 1
        assert envelope["sha256"] == trace["sha256"] == verdicts[trace["id"]]["sha256"]
        assert envelope["relation"]["pairs"][0]["direction"] == "staff_to_student"
        assert not envelope["truncated"]
        assert record["payload"]
        assert set(trace["clauses"]) <= {finding["clause"] for finding in verdicts[trace["id"]]["findings"]}
        assert any(row["id"] == trace["id"] and row["action"] == "hold" for row in decisions)
    assert any(row["action"] == "release" and row["by"].startswith("terminal:") for row in decisions)
    assert read("dead-letters") == []
