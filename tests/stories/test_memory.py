"""What large messages cost in memory, measured in a real gateway with two processes that receive mail."""

from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.gateway import Gateway, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]
TEACHER, STUDENT = "dana.okafor@riverbend.example", "maya.lindqvist@students.riverbend.example"
IN_FLIGHT, NOISE = 180 << 20, 24 << 20  # bytes; an interpreter that works takes some, whatever the size
LARGE, MANY = 36 << 20, 12 << 20
WAIT = 180  # seconds; fifteen messages of 12 MiB take a minute to classify on a busy machine


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    settings = [f'smtp.max_in_flight = "{IN_FLIGHT}B"', "smtp.workers = 2"]
    with recording_hop() as hop, gateway_folder(
        tmp_path_factory.mktemp("memory"), f"127.0.0.1:{hop.port}", settings=settings
    ) as gateway:  # fmt: skip
        gateway.start()
        submit(gateway, content(20_000))
        yield gateway


def content(size: int) -> bytes:
    head = f"From: <{TEACHER}>\r\nTo: <{STUDENT}>\r\nSubject: Film\r\nContent-Type: application/octet-stream\r\n\r\n"
    line = b"x" * 76 + b"\r\n"
    return head.encode() + line * ((size - len(head)) // len(line))


def submit(gateway: Gateway, body: bytes) -> int:
    with smtplib.SMTP("127.0.0.1", gateway.smtp, timeout=120) as client:
        client.ehlo()
        client.mail(TEACHER, [f"SIZE={len(body)}"])
        client.rcpt(STUDENT)
        return client.data(body)[0]


def receivers(gateway: Gateway) -> list[int]:
    """The process and its child that receives mail."""
    parent = gateway.processes[0].popen.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    worker = [pid for pid in children if b"smtp_workers" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [parent, *map(int, worker)]


def in_memory(gateway: Gateway, field: str) -> int:
    """Bytes in memory (VmRSS) or the most since it was reset (VmHWM), of both processes together."""
    total = 0
    for pid in receivers(gateway):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        total += next(int(line.split()[1]) << 10 for line in lines if line.startswith(field))
    return total


def settled(gateway: Gateway) -> int:
    """Bytes in memory when everything is classified; from here on the most is measured anew."""
    assert eventually(lambda: gateway.metric("chaperone_unanswered_messages") == 0, WAIT)
    for pid in receivers(gateway):
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    return in_memory(gateway, "VmRSS")


def test_a_large_message_costs_at_most_three_times_its_size(serving: Gateway) -> None:
    before = settled(serving)
    assert submit(serving, content(LARGE)) == 250
    settled_again = eventually(lambda: serving.metric("chaperone_unanswered_messages") == 0, WAIT)
    cost = in_memory(serving, "VmHWM") - before
    print(f"a message of {LARGE >> 20} MiB: {cost >> 20} MiB")
    assert settled_again
    assert cost <= 3 * LARGE + NOISE


def test_many_at_once_stay_within_the_bound(serving: Gateway) -> None:
    before, body, codes = settled(serving), content(MANY), []
    threads = [threading.Thread(target=lambda: codes.append(submit(serving, body))) for _ in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cost = in_memory(serving, "VmHWM") - before
    print(f"15 messages of {MANY >> 20} MiB at once: {cost >> 20} MiB; {codes.count(250)} accepted")
    assert set(codes) <= {250, 451}
    assert codes.count(250) >= 4
    assert cost <= IN_FLIGHT + NOISE
