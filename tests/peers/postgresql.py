"""A PostgreSQL server in its own folder on a free port, run by an unprivileged user."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.peers.ports import free_port

USER = "chaperone"
OWNER = "postgres"  # the server refuses to run as root
_SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 60
shared_buffers = 64MB
fsync = on
log_min_messages = warning
"""


def _programs() -> Path | None:
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(re.sub(r"\D", "", path.parts[4]) or 0)
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("pg_ctl")
    return Path(on_path).resolve().parent if on_path else None


def missing() -> str:
    """What is missing to run a server and how to install it; "" if nothing is."""
    programs = _programs()
    if programs is None or not (programs / "initdb").exists():
        return "PostgreSQL is not installed (make services, or the package postgresql)"
    if os.geteuid() == 0:
        if shutil.which("runuser") is None:
            return "runuser is not installed (the package util-linux)"
        try:
            pwd.getpwnam(OWNER)
        except KeyError:
            return f"there is no user {OWNER} to run the server as (the package postgresql makes it)"
    return ""


@dataclass(slots=True)
class PostgresqlServer:
    """A server that can be stopped and restarted with the same data and port. `url` is an empty database.

    `environment` are more variables for the server.
    """

    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The database `postgres`, for tests that need only one."""
        return self._url("postgres")

    def database(self, like: str = "template1") -> str:
        """Create a database, empty or a copy of another one (given by URL or name); returns its URL."""
        name, template = f"test_{secrets.token_hex(6)}", like.rpartition("/")[2]
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[call-overload]
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = self.folder / "server.log"
        arguments = ("-D", self.folder / "data", "-l", log, "-w", "-t", "60")
        done = run("pg_ctl", *arguments, "start", environment=self.environment)
        if done.returncode:
            output = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"PostgreSQL did not start: {done.stderr}{output}")

    def stop(self) -> None:
        """Stop the server; open connections are lost."""
        self._end("fast")

    def kill(self) -> None:
        """Stop the server as a power cut would."""
        self._end("immediate")

    def promote(self) -> None:
        """Make a standby the primary server."""
        done = run("pg_ctl", "-D", self.folder / "data", "-w", "-t", "60", "promote")
        if done.returncode:
            raise RuntimeError(f"PostgreSQL was not promoted: {done.stderr}")

    def answers(self) -> bool:
        """Whether it accepts connections."""
        with contextlib.suppress(psycopg.Error), psycopg.connect(self.url, connect_timeout=5):
            return True
        return False

    def _end(self, how: str) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            run("pg_ctl", "-D", self.folder / "data", "-m", how, "-w", "-t", "60", "stop")

    def processes(self) -> list[int]:
        """The process ids of the server and of its connections."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]


def create(server: PostgresqlServer, settings: str = "") -> None:
    """Make the data of a server in its folder and start it. `settings` are more lines of postgresql.conf."""
    data = server.folder / "data"
    made = run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    if made.returncode:
        raise RuntimeError(f"initdb failed: {made.stderr}")
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"{_SETTINGS}port = {server.port}\nunix_socket_directories = '{server.folder}'\n{settings}")
    server.start()


@contextlib.contextmanager
def running_postgresql(folder: Path) -> Iterator[PostgresqlServer]:
    """A new server. When run as root, its data is in a folder that the server's user can reach, else in `folder`."""
    if os.geteuid() == 0:
        folder = Path(tempfile.mkdtemp(prefix="chaperone-postgresql-"))
        shutil.chown(folder, OWNER, OWNER)
    server = PostgresqlServer(folder, free_port())
    try:
        create(server)
        yield server
    finally:
        server.kill()
        if os.geteuid() == 0:
            _remove_later(folder)


def _remove_later(folder: Path) -> None:
    """Remove the folder in the background: a hundred databases are a hundred thousand files."""
    subprocess.run(["sh", "-c", 'rm -rf -- "$0" >/dev/null 2>&1 &', str(folder)], check=False, stdin=subprocess.DEVNULL)


def run(
    program: str, *arguments: str | Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of PostgreSQL as the server's user; returns its output as stderr."""
    programs = _programs()
    assert programs is not None, missing()
    command = [str(programs / program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", OWNER, "--", *command]
    with tempfile.TemporaryFile("w+") as output:  # the server that pg_ctl starts would keep a pipe open
        done = subprocess.run(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd="/", timeout=120, check=False,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, stderr=output.read())
