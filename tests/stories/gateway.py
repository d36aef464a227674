"""A gateway as a user runs it: `chaperone serve` in separate processes, with the demo's district."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import gateway.demo
from tests.peers.ports import free_port

COMMAND = str(Path(sys.executable).parent / "chaperone")
DISTRICT = Path(gateway.demo.__file__).parent / "district"
READY_WITHIN = 120.0

T = TypeVar("T")


def eventually(condition: Callable[[], T], within: float = 60.0) -> T:
    """Wait until a condition is true and return its value; on timeout return its last value."""
    end = time.monotonic() + within
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


@dataclass
class Process:
    """One `chaperone serve`."""

    roles: tuple[str, ...]
    metrics: int
    popen: subprocess.Popen[bytes]

    def text(self, path: str = "/metrics") -> str:
        """The answer of its monitoring address."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def ready(self) -> bool:
        """Whether /readyz answers 200."""
        with contextlib.suppress(OSError):
            return bool(self.text("/readyz"))
        return False

    def children(self) -> list[int]:
        """The processes that it has started, and those that these have started."""
        found, left = [], [self.popen.pid]
        while left:
            for file in Path(f"/proc/{left.pop()}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    new = [int(number) for number in file.read_text().split()]
                    found += new
                    left += new
        return found

    def kill(self, number: int = signal.SIGKILL) -> int:
        """End it and its children; returns the exit code."""
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.popen.pid, number)
            else:
                self.popen.send_signal(number)
        return self.popen.wait(60)


@dataclass
class Gateway:
    """A folder with a configuration, and the processes that serve it."""

    folder: Path
    smtp: int
    console: int
    processes: list[Process] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "chaperone.toml"

    @property
    def log(self) -> bytes:
        """The log of all processes."""
        return (self.folder / "serve.log").read_bytes()

    def start(self, *roles: str, wait: bool = True, **settings: str) -> Process:
        """Start a process with these roles, or all roles, and wait until it is ready. `settings`: environment."""
        metrics = free_port()
        arguments = [word for role in roles for word in ("--role", role)]
        with (self.folder / "serve.log").open("ab") as log:
            popen = subprocess.Popen(
                [COMMAND, "serve", "-c", str(self.config), *arguments],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "CHAPERONE_METRICS__LISTEN": f"127.0.0.1:{metrics}", **settings},
            )  # fmt: skip
        process = Process(roles, metrics, popen)
        self.processes.append(process)
        if wait:
            self.wait_ready(process)
        return process

    def wait_ready(self, process: Process) -> None:
        """Wait until a process is ready."""
        done = eventually(lambda: process.popen.poll() is not None or process.ready(), READY_WITHIN)
        if not done or process.popen.poll() is not None:
            raise AssertionError(f"not ready: {self.log.decode(errors='replace')[-2000:]}")

    def cli(self, *arguments: str, code: int | None = 0, stdin: str | None = None) -> str:
        """Run a command with this configuration; returns its output. Asserts its exit code unless `code` is None."""
        done = subprocess.run(
            [COMMAND, *arguments, "-c", str(self.config)],
            cwd=self.folder, text=True, capture_output=True, input=stdin, timeout=120, check=False,
        )  # fmt: skip
        assert code is None or done.returncode == code, f"{arguments}: {done.returncode} {done.stdout} {done.stderr}"
        return done.stdout + done.stderr if code else done.stdout

    def held(self) -> list[dict[str, Any]]:
        """The held messages."""
        return list(json.loads(self.cli("held", "list", "--json")))

    def trace(self, message_id: str) -> list[dict[str, Any]]:
        """Traces of the messages with this Message-ID."""
        return list(json.loads(self.cli("trace", "--message-id", message_id, "--json")))

    def traces(self, address: str) -> list[dict[str, Any]]:
        """Traces of the messages from and to this address."""
        return list(json.loads(self.cli("trace", "--address", address, "--json")))

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels over all processes."""
        total = 0.0
        for process in self.processes:
            if process.popen.poll() is None:
                for line in process.text().splitlines():
                    key, _, value = line.rpartition(" ")
                    if key.partition("{")[0] == name and all(f'{k}="{v}"' in key for k, v in labels.items()):
                        total += float(value)
        return total

    def stop(self) -> list[int]:
        """Stop every process with SIGTERM; returns their exit codes."""
        codes = [process.kill(signal.SIGTERM) for process in self.processes if process.popen.poll() is None]
        self.processes.clear()
        return codes


@contextlib.contextmanager
def gateway_folder(
    folder: Path, next_hop: str, *, bus: str = "local:", store: str = "", settings: Sequence[str] = ()
) -> Iterator[Gateway]:
    """A configured gateway, not started. `settings` are more lines of TOML, "section.key = value" each."""
    gateway = Gateway(folder, free_port(), free_port())
    lines = [
        'district.name = "Riverbend Community School District"',
        'district.domains = ["riverbend.example", "students.riverbend.example"]',
        f'directory.oneroster = "{DISTRICT / "oneroster"}"',
        f'directory.groups = "{DISTRICT / "groups.csv"}"',
        f'directory.contacts = "{DISTRICT / "contacts.csv"}"',
        f'bus.url = "{bus}"',
        f'store.url = "{store or f"sqlite:///{folder}/var/chaperone.db"}"',
        f'smtp.listen = ["127.0.0.1:{gateway.smtp}"]',
        'smtp.hostname = "gateway.riverbend.example"',
        f'smtp.next_hop = {{ "*" = "{next_hop}" }}',
        f'console.listen = "127.0.0.1:{gateway.console}"',
        *settings,
    ]
    gateway.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    try:
        yield gateway
    finally:
        gateway.stop()
