"""A store or a bus that is away at the start is waited for, and relays answer meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import psycopg
import pytest

from tests.peers.ports import free_port
from tests.peers.postgresql import PostgresqlServer, running_postgresql
from tests.stories.gateway import Process, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.smtp import submit

STAFF, STUDENT = "dana.okafor@riverbend.example", "maya.lindqvist@students.riverbend.example"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PLAN = b"Subject: Plan\r\nFrom: %s\r\n\r\nTomorrow at ten.\r\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresqlServer]:
    """A server that the test stops."""
    (tmp_path / "server").mkdir()
    with running_postgresql(tmp_path / "server") as running:
        yield running


def _missing(process: Process) -> str:
    try:
        return process.text("/readyz")
    except HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


@pytest.mark.peer("postgresql")
def test_store_that_is_away_at_the_start_is_waited_for(tmp_path: Path, server: PostgresqlServer) -> None:
    url = server.database()
    server.stop()
    with recording_hop() as hop, gateway_folder(tmp_path, f"127.0.0.1:{hop.port}", store=url) as gateway:
        process = gateway.start(wait=False, CHAPERONE_SMTP__WORKERS="2")
        assert eventually(lambda: _missing(process) == "not ready: store\n", 60), gateway.log.decode()[-3000:]
        for _ in range(4):  # each by one of two processes
            assert submit(gateway.smtp, "a@elsewhere.example", [STAFF], PLAN % b"a@elsewhere.example") == 250
            assert submit(gateway.smtp, STAFF, [STUDENT], PLAN % STAFF.encode()) == 451
        assert len(hop.received) == 4
        assert gateway.metric("chaperone_store_up") == 0
        assert gateway.metric("chaperone_bus_up") == 1
        server.start()
        gateway.wait_ready(process)

        def accepted() -> bool:
            return submit(gateway.smtp, STAFF, [STUDENT], PLAN % STAFF.encode()) == 250

        assert all(eventually(accepted, 20) for _ in range(6))
        assert eventually(lambda: len(hop.received) >= 10, 30)
        assert eventually(lambda: gateway.metric("chaperone_store_up") == 1, 20)
        assert "roster in force" in gateway.cli("audit", "export")
        assert gateway.stop() == [0]


@pytest.mark.peer("postgresql")
def test_store_that_turns_out_to_be_unusable_ends_the_process(tmp_path: Path, server: PostgresqlServer) -> None:
    """Exit code 2 and one line, before anything is written."""
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE old ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    url = server.url.rpartition("/")[0] + "/old"
    with gateway_folder(tmp_path, f"127.0.0.1:{free_port()}", store=url) as gateway:
        process = gateway.start(wait=False)
        assert process.popen.wait(60) == 2
        first = gateway.log.decode()
        assert "the database old has the encoding SQL_ASCII: create it with ENCODING 'UTF8'" in first
        assert "Traceback" not in first
        server.stop()
        process = gateway.start(wait=False)
        assert eventually(lambda: _missing(process) == "not ready: store\n", 60), gateway.log.decode()[-3000:]
        server.start()
        assert process.popen.wait(60) == 2
        assert gateway.log.decode().count("SQL_ASCII") == 2
        assert "Traceback" not in gateway.log.decode()


def test_bus_that_is_away_at_the_start_is_waited_for(tmp_path: Path) -> None:
    """The process is ready: a broker that is down delays verdicts only."""
    with gateway_folder(
        tmp_path, f"127.0.0.1:{free_port()}", bus=f"kafka://127.0.0.1:{free_port()}"
    ) as gateway:  # fmt: skip
        process = gateway.start()
        assert submit(gateway.smtp, STAFF, [STUDENT], PLAN % STAFF.encode()) == 250
        assert eventually(lambda: gateway.metric("chaperone_store_up") == 1, 10)
        assert gateway.metric("chaperone_bus_up") == 0
        assert process.popen.poll() is None
