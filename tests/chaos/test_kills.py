"""Kills at random moments under load: no accepted message is lost, and no held message is delivered."""

from __future__ import annotations

import os
import random
import signal
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.stories.gateway import Gateway, Process, eventually, gateway_folder
from tests.stories.recording_hop import RecordingHop, recording_hop
from tests.stories.sample_mails import STUDENT_DOMAIN, STUDENTS, SampleMail, sample_mails

SEED = int(os.environ.get("CHAPERONE_CHAOS_SEED", random.SystemRandom().randrange(1 << 32)))
ROUNDS = int(os.environ.get("CHAPERONE_CHAOS_ROUNDS", "4"))
SENDERS = 3


class Senders:
    """Clients that send messages one after the other, and know which were accepted."""

    def __init__(self, port: int, batch: Sequence[SampleMail]) -> None:
        self.accepted: list[SampleMail] = []
        self.unknown: list[SampleMail] = []
        self._port, self._left = port, list(reversed(batch))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    @property
    def done(self) -> bool:
        """Whether every message was offered."""
        return not any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait for the last message."""
        for thread in self._threads:
            thread.join(120)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._left:
                    return
                mail = self._left.pop()
            self._offer(mail)

    def _offer(self, mail: SampleMail) -> None:
        """Offer a message until it is accepted, or until the answer is lost: then it may have been accepted."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            asked = False
            try:
                with smtplib.SMTP("127.0.0.1", self._port, timeout=30) as client:
                    client.ehlo()
                    client.mail(mail.sender)
                    code, _ = client.rcpt(mail.recipient)
                    if code // 100 == 2:
                        asked = True
                        code, _ = client.data(mail.content)
                    if code == 250 and asked:
                        with self._lock:
                            self.accepted.append(mail)
                        return
                    asked = False
            except (OSError, smtplib.SMTPException):
                if asked:
                    with self._lock:
                        self.unknown.append(mail)
                    return
            threading.Event().wait(0.1)
        raise AssertionError("never accepted")


def _account(gateway: Gateway, next_hop: RecordingHop, senders: Senders) -> None:
    """Check that every accepted message arrived or is held, and that no message to be held arrived."""
    clean = {mail.message_id for mail in senders.accepted if mail.expected in ("clean", "out of scope")}
    bad = {mail.message_id for mail in senders.accepted if mail.expected not in ("clean", "out of scope")}
    maybe = {mail.message_id for mail in senders.unknown}

    def arrived() -> Counter[str]:
        return Counter(_message_id(mail.content) for mail in list(next_hop.received))

    missing = eventually(lambda: not (clean - set(arrived())), 90) or clean - set(arrived())
    assert missing is True, f"seed {SEED}: lost {missing}"
    offered = [*senders.accepted, *senders.unknown]
    out = {mail.message_id for mail in offered if mail.expected not in ("clean", "out of scope")} & set(arrived())
    assert not out, f"seed {SEED}: delivered instead of held: {out}"

    def undecided() -> list[str]:
        traces = [trace for name in STUDENTS for trace in gateway.traces(f"{name}@{STUDENT_DOMAIN}")]
        states = {trace["message_id"]: {copy["state"] for copy in trace["recipients"]} for trace in traces}
        return [message_id for message_id in bad if states.get(message_id) != {"held"}]

    left = eventually(lambda: not undecided(), 60) or undecided()
    assert left is True, f"seed {SEED}: not held: {left}"
    twice = {message_id: count for message_id, count in arrived().items() if count > 1}
    print(f"seed {SEED}: {len(clean)} arrived, {len(bad)} held, {len(maybe)} unanswered, {len(twice)} more than once")


def _message_id(content: bytes) -> str:
    start = content.index(b"Message-ID: ") + 12
    return content[start : content.index(b"\r\n", start)].decode()


@pytest.fixture(
    params=["embedded", pytest.param("kafka", marks=pytest.mark.peer("kafka", "postgresql"), id="kafka-postgresql")]
)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Gateway, RecordingHop]]:
    """A gateway in one process, or in four over Apache Kafka and PostgreSQL, in front of a next hop."""
    print(f"CHAPERONE_CHAOS_SEED={SEED}")
    with recording_hop() as next_hop:
        if request.param == "embedded":
            with gateway_folder(tmp_path, f"127.0.0.1:{next_hop.port}") as gateway:
                gateway.start()
                yield gateway, next_hop
            return
        kafka, postgresql = request.getfixturevalue("kafka"), request.getfixturevalue("postgresql")
        prefix = f"chaos{random.Random(tmp_path.name).getrandbits(40):x}"
        with gateway_folder(
            tmp_path, f"127.0.0.1:{next_hop.port}", bus=f"kafka://{kafka.bootstrap}", store=postgresql.database(),
            settings=[f'bus.topic_prefix = "{prefix}"'],
        ) as gateway:  # fmt: skip
            for process in [gateway.start(role, wait=False) for role in ("smtp", "classify", "decide", "deliver")]:
                gateway.wait_ready(process)
            yield gateway, next_hop


def test_kills_at_random_moments(running: tuple[Gateway, RecordingHop]) -> None:
    """Kill -9 of a process of the gateway, again and again, while mail comes in."""
    gateway, next_hop = running
    chance = random.Random(SEED)
    senders = Senders(gateway.smtp, sample_mails(60 * ROUNDS, SEED))
    for _ in range(ROUNDS):
        threading.Event().wait(chance.uniform(0.3, 2.5))
        victim = chance.choice(gateway.processes)
        _restart(gateway, victim)
    senders.join()
    assert senders.done
    _account(gateway, next_hop, senders)


def test_classifier_killed(running: tuple[Gateway, RecordingHop]) -> None:
    """Kill -9 of the processes that read content: their batch is read again."""
    gateway, next_hop = running
    chance = random.Random(SEED + 1)
    senders = Senders(gateway.smtp, sample_mails(60, SEED + 1))
    for _ in range(3):
        threading.Event().wait(chance.uniform(0.2, 1.0))
        for child in _classifier_processes(gateway):
            os.kill(child, signal.SIGKILL)
    senders.join()
    _account(gateway, next_hop, senders)


@pytest.mark.peer("kafka", "postgresql")
def test_broker_stopped(tmp_path: Path, postgresql: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The broker is down for a while: mail is accepted, nothing in scope is delivered, and all is processed later."""
    from tests.peers.kafka import running_kafka

    outage = float(os.environ.get("CHAPERONE_CHAOS_OUTAGE", "10"))
    with (
        recording_hop() as next_hop,
        running_kafka(tmp_path_factory.mktemp("broker")) as kafka,
        gateway_folder(
            tmp_path, f"127.0.0.1:{next_hop.port}", bus=f"kafka://{kafka.bootstrap}", store=postgresql.database()
        ) as gateway,
    ):
        gateway.start()
        first = Senders(gateway.smtp, sample_mails(30, SEED + 2))
        first.join()
        kafka.stop()
        second = Senders(gateway.smtp, sample_mails(60, SEED + 3))
        second.join()
        threading.Event().wait(outage)
        kafka.start()
        for senders in (first, second):
            _account(gateway, next_hop, senders)


@pytest.mark.peer("kafka", "postgresql")
def test_database_restarted(tmp_path: Path, kafka: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The database stops repeatedly under load: nothing is lost, and nothing in scope is sent twice."""
    from tests.peers.postgresql import running_postgresql

    print(f"CHAPERONE_CHAOS_SEED={SEED}")
    chance = random.Random(SEED + 4)
    prefix = f"chaos{chance.getrandbits(40):x}"
    with (
        recording_hop() as next_hop,
        running_postgresql(tmp_path_factory.mktemp("database")) as postgresql,
        gateway_folder(
            tmp_path, f"127.0.0.1:{next_hop.port}", bus=f"kafka://{kafka.bootstrap}", store=postgresql.database(),
            settings=[f'bus.topic_prefix = "{prefix}"'],
        ) as gateway,
    ):  # fmt: skip
        gateway.start()
        senders = Senders(gateway.smtp, sample_mails(40 * ROUNDS, SEED + 4))
        for _ in range(max(ROUNDS // 2, 1)):
            threading.Event().wait(chance.uniform(0.5, 2.0))
            chance.choice((postgresql.stop, postgresql.kill))()
            threading.Event().wait(chance.uniform(0.2, 2.0))
            postgresql.start()
        senders.join()
        _account(gateway, next_hop, senders)
        copies = Counter(_message_id(mail.content) for mail in list(next_hop.received))
        offered = {mail.message_id: mail for mail in (*senders.accepted, *senders.unknown)}
        twice = [id_ for id_, count in copies.items() if count > 1 and offered[id_].expected != "out of scope"]
        assert not twice, f"seed {SEED}: sent more than once: {twice}"
        assert all(process.popen.poll() is None for process in gateway.processes), "a process of the gateway failed"


def _restart(gateway: Gateway, victim: Process) -> None:
    victim.kill()
    gateway.processes.remove(victim)
    gateway.start(*victim.roles)


def _classifier_processes(gateway: Gateway) -> list[int]:
    """The ids of the child processes that run classifiers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = os.getpgid(int(folder.name))
            command = (folder / "cmdline").read_bytes()
        except (OSError, ProcessLookupError):
            continue
        if group in {process.popen.pid for process in gateway.processes} and b"classifiers" in command:
            found.append(int(folder.name))
    return found
