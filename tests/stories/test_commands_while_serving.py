"""Commands while a gateway is serving: `check` knows its ports, and the audit log records rosters."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.stories.gateway import DISTRICT, Gateway, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway behind a load balancer, with its own roster."""
    folder = tmp_path_factory.mktemp("beside")
    shutil.copytree(DISTRICT / "oneroster", folder / "oneroster")
    more = [
        "smtp.proxy_protocol = true",
        'smtp.proxies = ["127.0.0.0/8"]',
        f'metrics.listen = "127.0.0.1:{free_port()}"',
    ]
    with recording_hop() as next_hop, gateway_folder(folder, f"127.0.0.1:{next_hop.port}", settings=more) as gateway:
        written = gateway.config.read_text().replace(str(DISTRICT / "oneroster"), "oneroster")
        gateway.config.write_text(written)
        gateway.start()
        yield gateway


def _rosters(gateway: Gateway) -> list[tuple[str, str, dict[str, int]]]:
    """Act, subject and counts of the audit entries about rosters."""
    rows = [json.loads(line) for line in gateway.cli("audit", "export").splitlines()]
    return [(row["act"], row["subject"], row["detail"]) for row in rows if row["act"].startswith("roster ")]


def test_check_knows_the_ports_of_its_own_gateway(serving: Gateway) -> None:
    """The relay behind a load balancer, which greets only after the PROXY line, and the console."""
    output = serving.cli("check")
    for key, port in (("smtp.listen", serving.smtp), ("console.listen", serving.console)):
        assert f"ok    {key}: 127.0.0.1:{port} is held by this gateway" in output
    assert "error" not in output


def test_check_names_a_port_that_another_program_holds(tmp_path: Path) -> None:
    with socket.socket() as other, gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        other.bind(("127.0.0.1", gateway.console))
        other.listen()
        output = gateway.cli("check", code=1)
        assert f"error console.listen: console.listen: cannot listen on 127.0.0.1:{gateway.console}" in output
        assert f"ok    smtp.listen: 127.0.0.1:{gateway.smtp} is free" in output


def test_the_audit_log_names_every_roster(serving: Gateway, tmp_path: Path) -> None:
    """The roster at the start, an import, and the roster after it, with counts."""
    ((act, subject, people),) = eventually(lambda: _rosters(serving))
    assert (act, subject) == ("roster in force", "")
    assert min(people["staff"], people["student"]) > 10
    changed = tmp_path / "changed"
    shutil.copytree(DISTRICT / "oneroster", changed)
    users = (changed / "users.csv").read_text()
    newcomer = "s-99,,,true,o-high,teacher,new.comer,,New,Comer,,,new.comer@riverbend.example,,,,,\n"
    (changed / "users.csv").write_text(users.rstrip("\n") + "\n" + newcomer)
    serving.cli("directory", "import", str(changed))
    found = eventually(lambda: rosters if len(rosters := _rosters(serving)) >= 3 else [])
    assert [act for act, _, _ in found] == ["roster in force", "roster imported", "roster in force"]
    assert found[1][1:] == ("changed", {"added": 1, "removed": 0, "changed": 0})
    assert found[2][2] == {**people, "staff": people["staff"] + 1}
