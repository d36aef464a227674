"""OpenSMTPD instances: a server that sends through the gateway."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.peers.mail_servers import add_users, in_namespace, running, temporary_home
from tests.peers.mail_servers import missing as missing_program
from tests.peers.ports import free_port

PROGRAM = "/usr/sbin/smtpd"
USERS = ("opensmtpd", "opensmtpq")

_CONFIG = """\
listen on 127.0.0.1 port {port} hostname {name}.opensmtpd.example
action "out" relay host smtp://{to} helo {name}.opensmtpd.example
match from any for any action "out"
"""


def missing() -> str:
    """What is missing to run OpenSMTPD and how to get it; "" if nothing is."""
    return missing_program(PROGRAM.lstrip("/"))


@dataclass(frozen=True, slots=True)
class OpenSmtpd:
    """A running instance that relays mail for any address from 127.0.0.1:`port`."""

    home: Path
    port: int
    pid: int

    def queued(self) -> int:
        """The number of envelopes in the queue, deferred ones included."""
        return len(self._control("show", "queue").splitlines())

    def flush(self) -> None:
        """Retry every deferred message now."""
        self._control("schedule", "all")

    def log(self) -> str:
        """What it logged."""
        return (self.home / "smtpd.log").read_text(errors="replace")

    def _control(self, *arguments: str) -> str:
        group = ["setpriv", "--regid", USERS[1], "--clear-groups"]  # it is installed with this group
        command = ["nsenter", "--target", str(self.pid), "--mount", *group, "smtpctl", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@contextlib.contextmanager
def running_opensmtpd(to: str, *, name: str = "front") -> Iterator[OpenSmtpd]:
    """Run an instance. `to` is where all mail goes: "HOST:PORT"."""
    with temporary_home(f"opensmtpd-{name}") as home:
        add_users(home, USERS)
        port = free_port()
        (home / "smtpd.conf").write_text(_CONFIG.format(port=port, to=to, name=name))
        prepare = ["mkdir -p /var/lib/opensmtpd/empty", "chmod 711 /var/spool"]
        command = in_namespace(home, [PROGRAM, "-d", "-f", str(home / "smtpd.conf")], prepare)
        with running(command, port, home / "smtpd.log") as process:
            yield OpenSmtpd(home, port, process.pid)
