"""Hostile mails keep nobody waiting: no session, and no call for help behind them or beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.operations.hostile_mails import FIRST_LINES, hostile_mails, with_hostile_file
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.smtp import submit

STUDENT, OTHER_STUDENT = "ana.villalobos@students.riverbend.example", "arlo.whitcomb@students.riverbend.example"
TEACHER = "dana.okafor@riverbend.example"
CALL = "My stepdad hit me again last night and I am scared to go home. Please help me."
WITHIN = 5.0
"""Seconds from acceptance to the alert, as promised for a machine that does nothing else."""
HOSTILE = 50


@pytest.fixture(scope="module", name="gateway")
def _gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("hostile")
    with recording_hop() as hop, gateway_folder(folder, f"127.0.0.1:{hop.port}") as made:
        made.start()
        yield made
        for process in made.processes:
            process.kill()  # a drain would wait for what is being read


def call_mail(name: str) -> bytes:
    head = FIRST_LINES.format(sender=STUDENT, recipient=TEACHER, subject="hello", name=name)
    return f"{head}\r\n{CALL}\r\n".encode()


def seconds_to_alert(gateway: Gateway, content: bytes) -> float:
    """Submit a call for help and wait until it is alerted."""
    before = gateway.metric("chaperone_help_alerts_total")
    assert submit(gateway.smtp, STUDENT, [TEACHER], content) == 250
    start = time.monotonic()
    assert eventually(lambda: gateway.metric("chaperone_help_alerts_total") > before, 60)
    return time.monotonic() - start


def load() -> float:
    """What this machine has to do for each of its processors, at least 1.0: other tests run beside these."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


PROBE = """
import smtplib, sys, threading, time
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
worst = 0.0
while not ended.wait(0.02):
    start = time.monotonic()
    with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=60) as client:
        client.ehlo()
        client.mail(sys.argv[2])
    worst = max(worst, time.monotonic() - start)
print(worst)
"""
"""A process of its own: sessions that send no content, and the longest wait of one."""


class Sessions:
    """How long other sessions wait during a block of work, and the memory of the gateway's processes meanwhile."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway, self._ended = gateway, threading.Event()
        self.worst, self.memory = 0.0, 0

    def __enter__(self) -> Sessions:
        self._pool = ThreadPoolExecutor(1)
        self._probe = subprocess.Popen(
            [sys.executable, "-c", PROBE, str(self._gateway.smtp), STUDENT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._sizes = self._pool.submit(self._largest)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        said, _ = self._probe.communicate("", timeout=60)
        self.worst, self.memory = float(said), self._sizes.result(60)
        self._pool.shutdown()

    def _largest(self) -> int:
        largest = 0
        while not self._ended.wait(0.05):
            largest = max([largest, *map(resident_bytes, processes_of(self._gateway))])
        return largest


def processes_of(gateway: Gateway) -> list[int]:
    """The processes of a gateway. Workers have sessions of their own, so parents are followed."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found = [process.popen.pid for process in gateway.processes]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def send_all(gateway: Gateway, sender: str, recipient: str, mails: list[bytes]) -> None:
    with ThreadPoolExecutor(4) as clients:
        codes = list(clients.map(lambda content: submit(gateway.smtp, sender, [recipient], content), mails))
    assert all(code // 100 in (2, 5) for code in codes), codes


@pytest.mark.parametrize(
    ("sender", "recipient"),
    [(TEACHER, STUDENT), (OTHER_STUDENT, TEACHER)],
    ids=["staff", "students"],
)
def test_a_call_behind_hostile_mails_is_alerted(gateway: Gateway, sender: str, recipient: str) -> None:
    seed = 20
    mails = hostile_mails(sender, recipient, HOSTILE, seed)
    pid = gateway.processes[0].popen.pid
    with Sessions(gateway) as quiet:
        seconds_to_alert(gateway, call_mail(f"quiet.{sender}"))
    with Sessions(gateway) as sessions:
        send_all(gateway, sender, recipient, mails)
        waited = seconds_to_alert(gateway, call_mail(f"call.{sender}"))
        said = gateway.trace(f"<call.{sender}@hostile.example>")
    print(f"seed {seed}: alert after {waited:.2f} s, longest wait of a session {sessions.worst * 1000:.0f} ms")
    assert said[0]["action"] == "alert"
    assert waited < WITHIN * load()
    assert sessions.worst < 0.5 * load() + quiet.worst, "another's content kept a session waiting"
    assert sessions.memory < 1.6 * (1 << 30)
    assert gateway.processes[0].popen.poll() is None
    assert gateway.processes[0].popen.pid == pid


def test_a_call_beside_a_hostile_file_is_alerted(gateway: Gateway) -> None:
    content = with_hostile_file(STUDENT, TEACHER, CALL, "beside")
    waited = seconds_to_alert(gateway, content)
    print(f"alert after {waited:.2f} s")
    assert waited < WITHIN * load()
    (trace,) = gateway.trace("<beside@hostile.example>")
    assert trace["action"] == "alert"
