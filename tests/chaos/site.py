"""Where the rounds take place: gateways and what is around them, behind links, each with a clock of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.clocks import Clock
from tests.chaos.databases import DatabasePair, database_pair
from tests.chaos.disks import Disk, missing, small_disk
from tests.chaos.links import Link, running_links
from tests.peers.kafka import KafkaServer, running_kafka
from tests.peers.ports import free_port
from tests.stories.gateway import Gateway, Process, gateway_folder
from tests.stories.recording_hop import RecordingHop, recording_hop

_DISK_MB = 512
_ROLES = ("smtp", "classify", "decide", "deliver")
_SETTINGS = [
    'policy.verdict_timeout = "10s"',
    'store.retain_delivered = "2h"',
    'store.retain_decided = "2d"',
    'smtp.retry = { first = "1s", longest = "5s", lifetime = "30d", warn = "29d" }',
]


@dataclass(eq=False)
class Member:
    """One process of the gateway, which is started again whenever it has ended."""

    roles: tuple[str, ...]
    clock: Clock
    environment: dict[str, str]
    process: Process | None = None
    expected: bool = False  # we ended it


@dataclass(eq=False)
class Site:
    """The gateway's processes and everything around them. `ended` are those that ended by themselves."""

    gateway: Gateway
    hop: RecordingHop
    members: list[Member]
    clients: list[Link]
    to_hop: Link
    to_store: Link | None = None
    to_bus: Link | None = None
    database: DatabasePair | None = None
    broker: KafkaServer | None = None
    disk: Disk | None = None
    database_clock: Clock | None = None
    token: str = ""
    ended: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def clocks(self) -> list[Clock]:
        """The clocks of all machines."""
        return [member.clock for member in self.members] + ([self.database_clock] if self.database_clock else [])

    def start_missing(self) -> None:
        """Start the processes that do not run, as a service manager does."""
        with self._lock:
            for member in self.members:
                process = member.process
                if process is not None and (code := process.popen.poll()) is None:
                    continue
                if process is not None:
                    self.gateway.processes.remove(process)
                    if not member.expected:
                        self.ended.append(f"{'+'.join(member.roles) or 'all roles'}: exit code {code}")
                member.expected = False
                member.process = self.gateway.start(*member.roles, wait=False, **member.environment)

    def end(self, member: Member, number: int) -> None:
        """Kill a process with its children, or ask it to stop. It is started again soon."""
        with self._lock:
            if (process := member.process) is None:
                return
            member.expected = True
        if number == signal.SIGKILL:
            process.kill()
        else:
            process.popen.send_signal(number)

    def signal(self, member: Member, number: int) -> None:
        """Send a signal to a process and its children."""
        if member.process is not None:
            for process in (member.process.popen.pid, *member.process.children()):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)

    def wait_ready(self, within: float = 600.0) -> None:
        """Wait until every process is ready."""
        end = time.monotonic() + within
        while True:
            self.start_missing()
            late = [member for member in self.members if member.process is None or not member.process.ready()]
            if not late:
                return
            if time.monotonic() > end:
                raise AssertionError(f"not ready: {late[0].roles}: {self.gateway.log.decode(errors='replace')[-3000:]}")
            threading.Event().wait(0.1)

    def wait_answering(self, within: float) -> None:
        """Wait until some process accepts mail, for a bounded time."""
        doors = [member for member in self.members if not member.roles or "smtp" in member.roles]
        end = time.monotonic() + within
        while time.monotonic() < end and not any(door.process and door.process.ready() for door in doors):
            threading.Event().wait(0.1)

    def api(self, path: str, given: object = None) -> tuple[int, Any]:
        """Status and answer of a request to the console's API; status 0 if it does not answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.gateway.console}/api/v1{path}", method="GET" if given is None else "POST",
            data=None if given is None else json.dumps(given).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, None
        except (OSError, ValueError):
            return 0, None

    def open_session(self) -> None:
        """Make an account that may decide, and a token of it."""
        self.gateway.cli(
            "user",
            "add",
            "chaos",
            "--role",
            "technology_director",
            "--password-stdin",
            stdin="nine purple kites over Boone",
        )
        self.token = self.gateway.cli("token", "create", "--user", "chaos", "--expires", "9000d").strip()


@contextlib.contextmanager
def embedded_site(folder: Path, processes: int = 1) -> Iterator[Site]:
    """One gateway process with all roles on SQLite, on a small disk; there is never a second one."""
    with contextlib.ExitStack() as stack:
        links, hop = stack.enter_context(running_links()), stack.enter_context(recording_hop())
        to_hop = links.open("hop", hop.port)
        (folder / "var").mkdir()
        disk = None if missing() else stack.enter_context(small_disk(folder / "var", _DISK_MB))
        gateway = stack.enter_context(gateway_folder(folder, f"127.0.0.1:{to_hop.port}", settings=_SETTINGS))
        clock = Clock("gateway")
        site = Site(
            gateway, hop, [Member((), clock, clock.environment(folder / "clock"))],
            [links.open("client", gateway.smtp)], to_hop, disk=disk,
        )  # fmt: skip
        site.wait_ready()
        site.open_session()
        yield site


@contextlib.contextmanager
def clustered_site(folder: Path, processes: int = 2) -> Iterator[Site]:
    """So many processes of each role over Kafka and a pair of PostgreSQL servers, and a console."""
    with contextlib.ExitStack() as stack:
        links, hop = stack.enter_context(running_links()), stack.enter_context(recording_hop())
        to_hop, to_store, to_bus = links.open("hop", hop.port), links.open("store"), links.open("bus")
        database_clock = Clock("database")
        database = stack.enter_context(database_pair(to_store, database_clock))
        (folder / "broker").mkdir()
        broker = stack.enter_context(running_kafka(folder / "broker", advertised=f"127.0.0.1:{to_bus.port}"))
        to_bus.aim(int(broker.bootstrap.rpartition(":")[2]))
        gateway = stack.enter_context(
            gateway_folder(
                folder,
                f"127.0.0.1:{to_hop.port}",
                bus=f"kafka://127.0.0.1:{to_bus.port}",
                store=database.url,
                settings=_SETTINGS,
            )
        )
        members, clients = [], []
        for number, role in enumerate((*_ROLES * processes, "console")):
            clock = Clock(f"{role} {number}")
            environment = clock.environment(folder / f"clock{number}")
            if role == "smtp":
                port = free_port()
                environment["CHAPERONE_SMTP__LISTEN"] = f'["127.0.0.1:{port}"]'
                clients.append(links.open("client", port))
            members.append(Member((role,), clock, environment))
        site = Site(
            gateway, hop, members, clients, to_hop, to_store, to_bus, database, broker, database.disk, database_clock
        )
        site.wait_ready()
        site.open_session()
        yield site


SITES = {"sqlite": embedded_site, "postgresql": clustered_site}
"""By store."""
