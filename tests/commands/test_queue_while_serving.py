"""The queue beside a serving gateway: a next hop that defers, a retry when it is back, and an expiry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.recording_hop import RecordingHop, recording_hop
from tests.stories.smtp import submit

pytestmark = pytest.mark.slow

STAFF, STUDENT = "dana.okafor@riverbend.example", "maya.lindqvist@students.riverbend.example"
PLAN = b"From: dana.okafor@riverbend.example\r\nSubject: Plan %d\r\n\r\nThe quiz is on Tuesday.\r\n"


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[Gateway, RecordingHop]]:
    """A gateway in shadow mode, so that every message is due at once, and its next hop."""
    with recording_hop() as hop:
        hop.refusing = b"451 4.3.0 Come back later"
        more = ['policy.mode = "shadow"', "smtp.verify_recipients = false"]
        with gateway_folder(tmp_path, f"127.0.0.1:{hop.port}", settings=more) as gateway:
            gateway.start()
            yield gateway, hop


def test_deferred_mail_is_listed_retried_and_expired(serving: tuple[Gateway, RecordingHop]) -> None:
    gateway, hop = serving
    for number in range(2):
        assert submit(gateway.smtp, STAFF, [STUDENT], PLAN % number) == 250

    def rows() -> list[dict[str, Any]]:
        found = json.loads(gateway.cli("queue", "list", "--json"))
        return found if len(found) == 2 and all(row["attempts"] == 1 for row in found) else []

    first, second = eventually(rows)
    assert (first["state"], first["next_hop"], first["stuck"]) == ("queued", "*", False)
    assert first["last_error"] == "451 4.3.0 Come back later"
    assert gateway.cli("queue", "expire", second["id"]) == f"expired {second['id']}\n"
    hop.refusing = b""
    assert first["id"] in gateway.cli("queue", "retry", "--next-hop", "*")  # and the bounce, if it was tried already
    assert eventually(lambda: len(hop.received) == 2)
    contents = [mail.content for mail in hop.received]
    (bounce,) = [content for content in contents if b"multipart/report" in content]
    assert b"Status: 5.4.7" in bounce
    assert eventually(lambda: json.loads(gateway.cli("queue", "list", "--json")) == [])
    acts = [json.loads(line)["act"] for line in eventually(lambda: gateway.cli("audit", "export")).splitlines()]
    assert {"retried", "expired"} <= set(acts)
