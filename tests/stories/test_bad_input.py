"""Bad input: one clear line with a hint, exit code 2, and nothing written."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.stories.gateway import COMMAND, Gateway, eventually, gateway_folder
from tests.stories.recording_hop import recording_hop
from tests.stories.sample_mails import sample_mails
from tests.stories.smtp import submit


def _edit(gateway: Gateway, *lines: str) -> None:
    """Replace lines of the configuration by key."""
    keys = {line.partition(" =")[0] for line in lines}
    kept = [line for line in gateway.config.read_text().splitlines() if line.partition(" =")[0] not in keys]
    gateway.config.write_text("\n".join([*kept, *lines]) + "\n")


def _unknown_key(gateway: Gateway) -> None:
    _edit(gateway, "smtp.lisen = []")


def _invalid_toml(gateway: Gateway) -> None:
    gateway.config.write_text("district = [\n")


def _bad_duration(gateway: Gateway) -> None:
    _edit(gateway, 'policy.verdict_timeout = "soon"')


def _broken_roster(gateway: Gateway) -> None:
    roster = gateway.folder / "oneroster"
    roster.mkdir()
    (roster / "users.csv").write_text("sourcedId,status\nx\n")
    _edit(gateway, f'directory.oneroster = "{roster}"')


def _no_roster(gateway: Gateway) -> None:
    _edit(gateway, 'directory.oneroster = "nowhere"')


def _broken_policy(gateway: Gateway) -> None:
    (gateway.folder / "policy.toml").write_text('title = "T"\n')
    _edit(gateway, 'policy.file = "policy.toml"')


def _broken_model(gateway: Gateway) -> None:
    (gateway.folder / "model").mkdir()
    (gateway.folder / "model" / "model.json").write_text("{}")
    _edit(gateway, 'classify.model = "model"')


def _no_folder(gateway: Gateway) -> None:
    _edit(gateway, 'store.url = "sqlite:////proc/nowhere/chaperone.db"')


FAULTS: list[tuple[Callable[[Gateway], None], str, str]] = [
    (_unknown_key, "smtp.lisen", 'did you mean "smtp.listen"?'),
    (_invalid_toml, "chaperone.toml", "fix that line"),
    (_bad_duration, "policy.verdict_timeout", "duration such as"),
    (_broken_roster, "users.csv", ""),
    (_no_roster, "nowhere", ""),
    (_broken_policy, "policy.toml", "missing"),
    (_broken_model, "model", "train"),
    (_no_folder, "store.url", ""),
]


def _serve(gateway: Gateway) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve", "-c", str(gateway.config)],
        cwd=gateway.folder, text=True, capture_output=True, timeout=90, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("break_it", "where", "hint"), FAULTS, ids=[break_it.__name__[1:] for break_it, _, _ in FAULTS]
)
def test_serve_refuses_to_start(tmp_path: Path, break_it: Callable[[Gateway], None], where: str, hint: str) -> None:
    """The line names the place and a hint, and nothing is written."""
    with gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        _edit(gateway, f'metrics.listen = "127.0.0.1:{free_port()}"')
        break_it(gateway)
        before = {path for path in tmp_path.rglob("*") if path.is_file()}
        done = _serve(gateway)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        assert done.returncode == 2, done.stderr
        assert len(lines) == 1, done.stderr
        assert where in lines[0]
        assert hint in lines[0]
        assert "Traceback" not in done.stderr
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as other, gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        other.bind(("127.0.0.1", gateway.smtp))
        other.listen()
        done = _serve(gateway)
        assert done.returncode == 2
        assert f"smtp.listen: cannot listen on 127.0.0.1:{gateway.smtp}" in done.stderr
        assert not (tmp_path / "var").exists()


def test_check_tests_the_sign_in_service(tmp_path: Path) -> None:
    issuer = f"http://127.0.0.1:{free_port()}"
    settings = [
        f'console.oidc.issuer = "{issuer}"', 'console.oidc.client_id = "chaperone"',
        'console.oidc.client_secret_file = "oidc.secret"',
    ]  # fmt: skip
    (tmp_path / "oidc.secret").write_text("between us\n")
    with (
        recording_hop() as next_hop,
        gateway_folder(tmp_path, f"127.0.0.1:{next_hop.port}", settings=settings) as gateway,
    ):
        output = gateway.cli("check", code=1)
        assert f"error sign-in service: {issuer}: it cannot be reached" in output
        assert "correct console.oidc.issuer" in output
        assert "between us" not in output


def test_a_second_serve_is_refused(tmp_path: Path) -> None:
    """An SQLite store belongs to one serve."""
    with gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        gateway.start()
        port = gateway.smtp
        others = [f'{key}.listen = "127.0.0.1:{free_port()}"' for key in ("metrics", "console")]
        _edit(gateway, f'smtp.listen = ["127.0.0.1:{free_port()}"]', *others)
        done = _serve(gateway)
        assert done.returncode == 2
        assert "served by another process" in done.stderr
        with socket.create_connection(("127.0.0.1", port), 5):
            pass


def test_fewer_roles_need_kafka(tmp_path: Path) -> None:
    """The embedded bus cannot serve two processes."""
    with gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        done = subprocess.run(
            [COMMAND, "serve", "-c", str(gateway.config), "--role", "smtp"], text=True, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "bus.url" in done.stderr


@pytest.mark.peer("postgresql")
def test_a_gateway_starts_without_its_broker(tmp_path: Path) -> None:
    """One clear log line; the gateway starts and accepts mail."""
    with recording_hop() as next_hop, gateway_folder(
        tmp_path, f"127.0.0.1:{next_hop.port}", bus=f"kafka://127.0.0.1:{free_port()}"
    ) as gateway:  # fmt: skip
        gateway.start()
        clean = next(mail for mail in sample_mails(5, 1) if mail.expected == "clean")
        assert submit(gateway.smtp, clean.sender, [clean.recipient], clean.content) == 250
        assert eventually(lambda: b"bus_lost" in gateway.log)
        assert gateway.log.count(b"bus_lost") == 1
        assert eventually(lambda: gateway.metric("chaperone_unpublished_messages") == 1)
        assert next_hop.received == []


def test_check_names_an_unreachable_next_hop(tmp_path: Path) -> None:
    """Every line is one fact; an unreachable next hop is an error with a hint."""
    with gateway_folder(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        output = gateway.cli("check", code=1)
        assert "error next hop: " in output
        assert "correct smtp.next_hop" in output
        assert output.count("error") == 1
        assert not (tmp_path / "var").exists()
