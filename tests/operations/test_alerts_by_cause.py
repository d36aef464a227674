"""Every alert of operations is raised in a real Prometheus by its real cause, and no other one without it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests.chaos.clocks import Clock
from tests.chaos.links import Link, running_links
from tests.peers.kafka import KafkaServer, running_kafka
from tests.peers.postgresql import PostgresqlServer, running_postgresql
from tests.peers.prometheus import Server, running_prometheus
from tests.stories.gateway import Gateway, Process, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.sample_mails import STAFF_DOMAIN, STUDENT_DOMAIN, STUDENTS
from tests.stories.smtp import submit

pytestmark = [pytest.mark.peer("prometheus", "kafka", "postgresql", "cc"), pytest.mark.timeout(300)]

SHIPPED = Path(__file__).parents[2] / "deploy" / "prometheus"
SPEED = 30  # minutes of the rules become twos of seconds
OUT_OF_SCOPE = ("a@paper.example", f"office@{STAFF_DOMAIN}")
IN_SCOPE = (f"dana.okafor@{STAFF_DOMAIN}", f"{STUDENTS[0]}@{STUDENT_DOMAIN}")


def hurried(rules: dict[str, Any]) -> dict[str, Any]:
    """The rules with all times divided by SPEED."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}

    def shorter(found: re.Match[str]) -> str:
        return f"{found[1]}{max(1, int(found[2]) * units[found[3]] // SPEED)}s"

    for group in rules["groups"]:
        for rule in group["rules"]:
            if rule["alert"] == "ChaperoneRestarting":
                continue  # a start takes as long as ever
            rule["expr"] = re.sub(r"(\[|offset )(\d+)([smhd])", shorter, rule["expr"]).replace("> 120", "> 5")
            if "for" in rule:
                rule["for"] = re.sub(r"()(\d+)([smhd])", shorter, rule["for"])
    return rules


@dataclass
class Watched:
    """Two processes of a gateway under a real Prometheus: `front` with most roles, `back` with the rest."""

    gateway: Gateway
    front: Process
    back: Process
    prometheus: Server
    hop: Link
    kafka: KafkaServer
    postgresql: PostgresqlServer
    database_clock: Clock

    def firing(self) -> set[str]:
        """Alerts that fire, each with the labels that tell it from others of its name."""
        names = ("reason", "hop", "role", "stage", "group")
        return {
            " ".join(
                [alert["labels"]["alertname"], *(alert["labels"][name] for name in names if name in alert["labels"])]
            )
            for alert in self.prometheus.alerts()
            if alert["state"] == "firing"
        }

    def wait(self, *wanted: str, within: float = 40.0) -> set[str]:
        """Wait until these alerts fire (a name, with labels where given)."""
        missing = eventually(lambda: not self._missing(wanted), within) or self._missing(wanted)
        assert missing is True, f"not firing: {missing}; firing: {self.firing()}; {self._values()}"
        return self.firing()

    def wait_quiet(self, *alerts: str, within: float = 60.0) -> None:
        """Wait until none of these alerts fires."""
        assert eventually(lambda: len(self._missing(alerts)) == len(alerts), within), self.firing()

    def _missing(self, wanted: tuple[str, ...]) -> list[str]:
        firing = self.firing()
        return [name for name in wanted if not any(alert.startswith(name) for alert in firing)]

    def _values(self) -> list[str]:
        """What the processes measure of what may fail."""
        found = []
        for name in ("front", "back"):
            with contextlib.suppress(OSError):
                lines = getattr(self, name).text().splitlines()
                found += [
                    f"{name} {line}" for line in lines if re.match("chaperone_.*(progress|lag|un.*_messages)", line)
                ]
        return found

    def states(self) -> set[str]:
        """The states of the messages in scope."""
        return {str(found["recipients"][0]["state"]) for found in self.gateway.traces(IN_SCOPE[1])}

    def offer(self, sender: str, recipient: str) -> int:
        """Offer a message; returns the reply code."""
        content = f"From: {sender}\r\nTo: {recipient}\r\nSubject: Quiz\r\n\r\nThe quiz is on Thursday.\r\n".encode()
        return submit(self.gateway.smtp, sender, [recipient], content)


@pytest.fixture(scope="module", name="watched")
def _watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    with contextlib.ExitStack() as stack:
        hop = stack.enter_context(running_links()).open("hop", stack.enter_context(recording_hop()).port)
        kafka = stack.enter_context(running_kafka(tmp_path_factory.mktemp("broker")))
        postgresql = stack.enter_context(running_postgresql(tmp_path_factory.mktemp("database")))
        clock = Clock("database")
        postgresql.stop()
        postgresql.environment = clock.environment(postgresql.folder / "clock")
        postgresql.start()
        gateway = stack.enter_context(
            gateway_folder(
                folder,
                f"127.0.0.1:{hop.port}",
                bus=f"kafka://{kafka.bootstrap}",
                store=postgresql.url,
                settings=["queue.stuck_after = 1"],
            )
        )
        front = gateway.start("smtp", "classify", "decide", wait=False)
        back = gateway.start("classify", "deliver", wait=False)
        for process in (front, back):
            gateway.wait_ready(process)
        rules = hurried(yaml.safe_load((SHIPPED / "alerts.yml").read_text()))
        (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
        config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
        del config["alerting"]
        targets = [f"127.0.0.1:{process.metrics}" for process in (front, back)]
        config["scrape_configs"][0]["static_configs"][0]["targets"] = targets
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        prometheus = stack.enter_context(running_prometheus(folder / "prometheus.yml"))
        watched = Watched(gateway, front, back, prometheus, hop, kafka, postgresql, clock)
        query = '/api/v1/query?query=count_over_time(up{job="chaperone"}[1m])>9'
        assert eventually(lambda: len(prometheus.get(query)["data"]["result"]) == 2)
        assert not watched.firing(), "without any cause"
        yield watched


def test_next_hop_down(watched: Watched) -> None:
    """Mail out of scope finds the next hop down; it is refused for now and counted."""
    watched.wait_quiet("ChaperoneNextHopDown", "ChaperoneMailRefused next_hop_down")
    watched.hop.closed = True
    watched.hop.cut()
    try:
        for _ in range(4):
            assert watched.offer(*OUT_OF_SCOPE) == 451
        watched.wait("ChaperoneNextHopDown", "ChaperoneMailRefused next_hop_down")
    finally:
        watched.hop.closed = False
    assert eventually(lambda: watched.offer(*OUT_OF_SCOPE) == 250)


def test_bus_down(watched: Watched) -> None:
    watched.wait_quiet("ChaperoneBusDown")
    watched.kafka.stop()
    try:
        watched.wait("ChaperoneBusDown")
    finally:
        watched.kafka.start()
    watched.wait_quiet("ChaperoneBusDown")


def test_store_down(watched: Watched) -> None:
    """Mail in scope is refused for now; mail out of scope passes."""
    watched.wait_quiet("ChaperoneStoreDown")
    watched.postgresql.stop()
    try:
        for _ in range(4):
            assert watched.offer(*IN_SCOPE) == 451
        assert watched.offer(*OUT_OF_SCOPE) == 250
        watched.wait("ChaperoneStoreDown", "ChaperoneMailRefused unavailable")
    finally:
        watched.postgresql.start()
    watched.wait_quiet("ChaperoneStoreDown")


def test_role_absent_and_recipients_overdue(watched: Watched) -> None:
    """The only process that delivers is gone: its role is absent, and what is due becomes overdue."""
    watched.wait_quiet("ChaperoneRoleAbsent", "ChaperoneOverdue")
    watched.back.kill(signal.SIGTERM)
    try:
        assert watched.offer(*IN_SCOPE) == 250
        assert eventually(lambda: "queued" in watched.states()), watched.states()
        watched.database_clock.step(120)
        firing = watched.wait("ChaperoneDown", "ChaperoneRoleAbsent deliver", "ChaperoneOverdue")
        assert not {alert for alert in firing if alert.startswith("ChaperoneRoleAbsent")} - {
            "ChaperoneRoleAbsent deliver"
        }
    finally:
        watched.database_clock.step(-120)
        watched.gateway.processes.remove(watched.back)
        watched.back = _start_again(watched.gateway, watched.back)
    watched.wait_quiet("ChaperoneRoleAbsent", "ChaperoneOverdue")


def test_one_member_stuck(watched: Watched) -> None:
    """The reading processes of one member do not get on: that member is named, the group is not."""
    watched.wait_quiet("ChaperoneMemberStuck", "ChaperoneNotProgressing")
    stop = threading.Event()

    def hold() -> None:
        while not stop.wait(0.2):
            for child in watched.back.children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGSTOP)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        for name in STUDENTS * 3:
            assert watched.offer(IN_SCOPE[0], f"{name}@{STUDENT_DOMAIN}") == 250
        firing = watched.wait("ChaperoneMemberStuck classifiers")
        assert "ChaperoneNotProgressing classifiers" not in firing
    finally:
        stop.set()
        holder.join()
        for child in watched.back.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGCONT)


def test_restarting(watched: Watched) -> None:
    for _ in range(3):
        watched.back.kill()
        watched.gateway.processes.remove(watched.back)
        watched.back = _start_again(watched.gateway, watched.back)
    watched.wait("ChaperoneRestarting")


def test_stuck_item(watched: Watched) -> None:
    """A follow-up that cannot be read: stuck, alerted, listed, and in nobody's way."""
    watched.wait_quiet("ChaperoneStuck")
    row = "INSERT INTO followups (kind, message_id, body, due_at, attempts) VALUES ('bounce', 'none', '{', 0, 0)"
    with psycopg.connect(watched.postgresql.url, autocommit=True) as connection:
        connection.execute(row)
    watched.wait("ChaperoneStuck notification")
    assert watched.offer(*IN_SCOPE) == 250
    assert eventually(lambda: watched.states() == {"sent"}), watched.states()
    assert "none" in watched.gateway.cli("queue", "list", "--stuck")


def _start_again(gateway: Gateway, process: Process) -> Process:
    """Start a process with the same roles and monitoring address, and wait until it is ready."""
    again = gateway.start(*process.roles, wait=False, CHAPERONE_METRICS__LISTEN=f"127.0.0.1:{process.metrics}")
    again.metrics = process.metrics
    gateway.wait_ready(again)
    return again
