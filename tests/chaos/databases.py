"""A PostgreSQL server with a hot standby that is promoted, and whose disk can be filled."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.chaos.clocks import Clock
from tests.chaos.disks import Disk, small_disk
from tests.chaos.links import Link
from tests.peers import postgresql
from tests.peers.postgresql import USER, PostgresqlServer

_SIZE_MB = 1024
_MORE_SETTINGS = "max_connections = 200\nmax_wal_size = 128MB\nmin_wal_size = 32MB\nwal_keep_size = 64MB\n"


@dataclass(eq=False)
class DatabasePair:
    """Two servers behind one link: every commit waits for both, as long as the standby runs."""

    primary: PostgresqlServer
    standby: PostgresqlServer
    link: Link
    disk: Disk | None  # of both servers

    @property
    def url(self) -> str:
        """The database, through the link."""
        return f"postgresql://{USER}@127.0.0.1:{self.link.port}/postgres"

    def restart(self, *, kill: bool) -> None:
        """Stop or kill the primary server and start it again."""
        self.primary.kill() if kill else self.primary.stop()
        self.primary.start()

    def fail_over(self) -> None:
        """Kill the primary server and promote the standby; connections through the link are cut."""
        self.primary.kill()
        self.primary, self.standby = self.standby, self.primary
        self.primary.promote()
        self._wait_for("")
        self.link.aim(self.primary.port)
        self.link.cut()

    def rebuild(self) -> None:
        """Make a new standby of what was the primary server."""
        self.standby.kill()
        copy_primary(self.primary, self.standby)
        self._wait_for("*")

    def repair(self) -> None:
        """Start whatever does not run, after a full disk."""
        for server in (self.primary, self.standby):
            if not server.answers():
                server.kill()
                server.start()

    def _wait_for(self, standbys: str) -> None:
        with psycopg.connect(self.primary.url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = local")
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standbys}'")  # type: ignore[call-overload]
            connection.execute("SELECT pg_reload_conf()")


def copy_primary(primary: PostgresqlServer, standby: PostgresqlServer) -> None:
    """Fill the standby's folder from the primary server and start it."""
    shutil.rmtree(standby.folder / "data", ignore_errors=True)
    made = postgresql.run(
        "pg_basebackup", "-D", standby.folder / "data", "-h", "127.0.0.1", "-p", str(primary.port), "-U", USER, "-R",
        "-X", "stream", "-c", "fast",
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(f"pg_basebackup failed: {made.stderr}")
    with (standby.folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write(f"port = {standby.port}\nunix_socket_directories = '{standby.folder}'\n")
    standby.start()


@contextlib.contextmanager
def database_pair(link: Link, clock: Clock) -> Iterator[DatabasePair]:
    """Two new servers on a small disk of their own."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="chaperone-pair-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        disk = stack.enter_context(small_disk(folder, _SIZE_MB)) if os.geteuid() == 0 else None
        environment = clock.environment(folder / "clock")
        servers = [PostgresqlServer(folder / name, postgresql.free_port(), environment) for name in ("first", "second")]
        for server in servers:
            server.folder.mkdir()
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", postgresql.OWNER, str(folder)], check=True)
        for server in servers:
            stack.callback(server.kill)
        primary, standby = servers
        postgresql.create(primary, _MORE_SETTINGS)
        copy_primary(primary, standby)
        pair = DatabasePair(primary, standby, link, disk)
        pair._wait_for("*")
        link.aim(primary.port)
        yield pair
