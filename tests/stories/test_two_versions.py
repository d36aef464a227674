"""A rolling upgrade: the version before the last migrations and this one serve the same store and bus, side by side."""

from __future__ import annotations

import json
import signal
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.peers.ports import free_port
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.older_version import unpack
from tests.stories.recording_hop import recording_hop
from tests.stories.sample_mails import STUDENT_DOMAIN, STUDENTS, SampleMail, sample_mails
from tests.stories.smtp import submit

FROM_TOMORROW = "INSERT INTO followups (kind, message_id, body, due_at, attempts) VALUES ('tomorrow', '', '{}', 0, 0)"

pytestmark = pytest.mark.peer("kafka", "postgresql", "older_version")


def _send(port: int, seed: int) -> list[SampleMail]:
    mails = list(sample_mails(15, seed))
    for mail in mails:
        assert submit(port, mail.sender, [mail.recipient], mail.content) == 250
    return mails


def _expected(sent: list[SampleMail]) -> dict[str, str]:
    in_scope = [mail for mail in sent if mail.expected != "out of scope"]
    return {mail.message_id: "sent" if mail.expected == "clean" else "held" for mail in in_scope}


def _states(gateway: Gateway) -> dict[str, str]:
    traces = [trace for name in STUDENTS for trace in gateway.traces(f"{name}@{STUDENT_DOMAIN}")]
    return {trace["message_id"]: trace["recipients"][0]["state"] for trace in traces}


def _errors(gateway: Gateway) -> list[str]:
    lines = [json.loads(line) for line in gateway.log.splitlines() if line.startswith(b"{")]
    return [f"{line['event']} {line.get('during', '')}" for line in lines if line["level"] in ("error", "critical")]


def test_two_versions_serve_one_store(tmp_path: Path, kafka: Any, postgresql: Any) -> None:
    """Both accept, classify, decide and deliver; a row that only a newer version knows is left for it."""
    prefix, url = f"versions{uuid.uuid4().hex[:8]}", postgresql.database()
    with (
        recording_hop() as hop,
        gateway_folder(
            tmp_path, f"127.0.0.1:{hop.port}", bus=f"kafka://{kafka.bootstrap}", store=url,
            settings=[f'bus.topic_prefix = "{prefix}"', 'notify.to = ["safety@riverbend.example"]'],
        ) as gateway,
    ):  # fmt: skip
        old_port, old_console = free_port(), free_port()
        old = gateway.start(
            PYTHONPATH=str(unpack(tmp_path / "older")),
            CHAPERONE_SMTP__LISTEN=f'["127.0.0.1:{old_port}"]',
            CHAPERONE_CONSOLE__LISTEN=f"127.0.0.1:{old_console}",
        )
        sent = _send(old_port, 1)
        of_old = _errors(gateway)  # it may take entries that are chained while it starts for a break of the chain
        new = gateway.start()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FROM_TOMORROW)
        sent += _send(gateway.smtp, 2) + _send(old_port, 3)
        assert eventually(lambda: _states(gateway) == _expected(sent), 60), _states(gateway)
        assert old.kill(signal.SIGTERM) == 0
        gateway.processes.remove(old)
        sent += _send(gateway.smtp, 4)
        assert eventually(lambda: _states(gateway) == _expected(sent), 90), _states(gateway)
        assert new.popen.poll() is None
        assert _errors(gateway)[len(of_old) :] == []
        with psycopg.connect(url, autocommit=True) as connection:

            def kinds() -> list[tuple[str]]:
                return connection.execute("SELECT kind FROM followups").fetchall()

            assert eventually(lambda: kinds() == [("tomorrow",)], 90), f"left for the version that knows it: {kinds()}"
