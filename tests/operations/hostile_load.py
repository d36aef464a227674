"""A gateway under hostile mails: how long a call for help and other sessions wait, and the memory of its processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.operations.hostile_mails import FIRST_LINES, hostile_mails
from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.smtp import submit

STUDENT, OTHER_STUDENT = "ana.villalobos@students.riverbend.example", "arlo.whitcomb@students.riverbend.example"
TEACHER = "dana.okafor@riverbend.example"
CALL = "My stepdad hit me again last night and I am scared to go home. Please help me."
_PATIENCE = 60.0
"""Seconds to wait for an alert on any machine, with whatever else it does."""


@contextmanager
def attacked_gateway(folder: Path) -> Iterator[Gateway]:
    """A gateway whose processes are killed in the end: a drain would wait for what is being read."""
    with recording_hop() as hop, gateway_folder(folder, f"127.0.0.1:{hop.port}") as made:
        made.start()
        yield made
        for process in made.processes:
            process.kill()


def call_mail(name: str) -> bytes:
    """A call for help by a student."""
    head = FIRST_LINES.format(sender=STUDENT, recipient=TEACHER, subject="hello", name=name)
    return f"{head}\r\n{CALL}\r\n".encode()


def seconds_to_alert(gateway: Gateway, content: bytes) -> float:
    """Submit a call for help and wait until it is alerted."""
    before = gateway.metric("chaperone_help_alerts_total")
    assert submit(gateway.smtp, STUDENT, [TEACHER], content) == 250
    start = time.monotonic()
    assert eventually(lambda: gateway.metric("chaperone_help_alerts_total") > before, _PATIENCE)
    return time.monotonic() - start


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


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds until the call for help was alerted, the longest wait of a session in seconds, and bytes of memory."""

    alert: float
    session: float
    memory: int


def call_behind(gateway: Gateway, sender: str, recipient: str, count: int, seed: int) -> Waits:
    """Send hostile mails from four clients, and a call for help with the Message-ID `<call.SENDER@hostile.example>`."""
    with Sessions(gateway) as sessions:
        send_all(gateway, sender, recipient, hostile_mails(sender, recipient, count, seed))
        alert = seconds_to_alert(gateway, call_mail(f"call.{sender}"))
    return Waits(alert, sessions.worst, sessions.memory)
