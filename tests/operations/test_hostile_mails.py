"""Hostile mails end no process and block no call for help. `make bench` measures how long anything waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operations.hostile_load import (
    CALL,
    OTHER_STUDENT,
    STUDENT,
    TEACHER,
    attacked_gateway,
    call_behind,
    seconds_to_alert,
)
from tests.operations.hostile_mails import with_hostile_file
from tests.stories.gateway import Gateway

HOSTILE = 50
MAX_WAIT = 5.0
"""Seconds of a session. The gateway is not to read content where it serves sessions; that took six seconds at once."""
MAX_MEMORY = 1.6 * (1 << 30)


@pytest.fixture(scope="module", name="gateway")
def _gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with attacked_gateway(tmp_path_factory.mktemp("hostile")) as made:
        yield made


@pytest.mark.parametrize(
    ("sender", "recipient"),
    [(TEACHER, STUDENT), (OTHER_STUDENT, TEACHER)],
    ids=["staff", "students"],
)
def test_a_call_behind_hostile_mails_is_alerted(gateway: Gateway, sender: str, recipient: str) -> None:
    seed = 20
    process = gateway.processes[0].popen
    waits = call_behind(gateway, sender, recipient, HOSTILE, seed)
    print(f"seed {seed}: alert after {waits.alert:.2f} s, longest wait of a session {waits.session * 1000:.0f} ms")
    assert gateway.trace(f"<call.{sender}@hostile.example>")[0]["action"] == "alert"
    assert waits.session < MAX_WAIT, "another's content kept a session waiting"
    assert waits.memory < MAX_MEMORY
    assert process.poll() is None
    assert gateway.processes[0].popen is process


def test_a_call_beside_a_hostile_file_is_alerted(gateway: Gateway) -> None:
    waited = seconds_to_alert(gateway, with_hostile_file(STUDENT, TEACHER, CALL, "beside"))
    print(f"alert after {waited:.2f} s")
    (trace,) = gateway.trace("<beside@hostile.example>")
    assert trace["action"] == "alert"
