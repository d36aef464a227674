"""Bad input of any kind: one clear line with the mend, exit 2, and nothing written."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.gateway import COMMAND, Gateway, eventually, free_port, laid_out
from tests.stories.letters import letters
from tests.stories.sink import running_sink
from tests.stories.smtp import submit


def _edited(gateway: Gateway, *lines: str) -> None:
    """Lines of the configuration, in place of those of the same key."""
    keys = {line.partition(" =")[0] for line in lines}
    kept = [line for line in gateway.config.read_text().splitlines() if line.partition(" =")[0] not in keys]
    gateway.config.write_text("\n".join([*kept, *lines]) + "\n")


def _unknown_key(gateway: Gateway) -> None:
    _edited(gateway, "smtp.lisen = []")


def _no_toml(gateway: Gateway) -> None:
    gateway.config.write_text("district = [\n")


def _bad_duration(gateway: Gateway) -> None:
    _edited(gateway, 'policy.verdict_timeout = "soon"')


def _broken_roster(gateway: Gateway) -> None:
    roster = gateway.folder / "oneroster"
    roster.mkdir()
    (roster / "users.csv").write_text("sourcedId,status\nx\n")
    _edited(gateway, f'directory.oneroster = "{roster}"')


def _no_roster(gateway: Gateway) -> None:
    _edited(gateway, 'directory.oneroster = "nowhere"')


def _broken_policy(gateway: Gateway) -> None:
    (gateway.folder / "policy.toml").write_text('title = "T"\n')
    _edited(gateway, 'policy.file = "policy.toml"')


def _broken_model(gateway: Gateway) -> None:
    (gateway.folder / "model").mkdir()
    (gateway.folder / "model" / "model.json").write_text("{}")
    _edited(gateway, 'classify.model = "model"')


def _no_store(gateway: Gateway) -> None:
    _edited(gateway, f'store.url = "postgresql://nobody@127.0.0.1:{free_port()}/nothing"')


def _no_folder(gateway: Gateway) -> None:
    _edited(gateway, 'store.url = "sqlite:////proc/nowhere/chaperone.db"')


FAULTS: list[tuple[Callable[[Gateway], None], str, str]] = [
    (_unknown_key, "smtp.lisen", "remove it"),
    (_no_toml, "chaperone.toml", "fix that line"),
    (_bad_duration, "policy.verdict_timeout", "duration such as"),
    (_broken_roster, "users.csv", ""),
    (_no_roster, "nowhere", ""),
    (_broken_policy, "policy.toml", "missing"),
    (_broken_model, "model", "train"),
    (_no_store, "store.url", "see that the server runs"),
    (_no_folder, "store.url", ""),
]


def _serve(gateway: Gateway) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "serve", "-c", str(gateway.config)],
        cwd=gateway.folder, text=True, capture_output=True, timeout=90, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("spoil", "where", "mend"), FAULTS, ids=[spoil.__name__[1:] for spoil, _, _ in FAULTS])
def test_cannot_start(tmp_path: Path, spoil: Callable[[Gateway], None], where: str, mend: str) -> None:
    """The line names the place and the mend, and nothing was written."""
    with laid_out(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        _edited(gateway, f'metrics.listen = "127.0.0.1:{free_port()}"')
        spoil(gateway)
        before = {path for path in tmp_path.rglob("*") if path.is_file()}
        done = _serve(gateway)
        said = [line for line in done.stderr.splitlines() if not line.startswith("{")]
        assert done.returncode == 2, done.stderr
        assert len(said) == 1, done.stderr
        assert where in said[0]
        assert mend in said[0]
        assert "Traceback" not in done.stderr
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


def test_port_taken(tmp_path: Path) -> None:
    """The line names the key and the address."""
    with socket.socket() as other, laid_out(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        other.bind(("127.0.0.1", gateway.smtp))
        other.listen()
        done = _serve(gateway)
        assert done.returncode == 2
        assert f"smtp.listen: cannot listen on 127.0.0.1:{gateway.smtp}" in done.stderr
        assert not (tmp_path / "var").exists()


def test_check_tries_the_sign_in_service(tmp_path: Path) -> None:
    issuer = f"http://127.0.0.1:{free_port()}"
    settings = [
        f'console.oidc.issuer = "{issuer}"', 'console.oidc.client_id = "chaperone"',
        'console.oidc.client_secret_file = "oidc.secret"',
    ]  # fmt: skip
    (tmp_path / "oidc.secret").write_text("between us\n")
    with running_sink() as sink, laid_out(tmp_path, f"127.0.0.1:{sink.port}", settings=settings) as gateway:
        said = gateway.cli("check", code=1)
        assert f"error sign-in service: {issuer}: it cannot be reached" in said
        assert "mend console.oidc.issuer" in said
        assert "between us" not in said


def test_second_serve(tmp_path: Path) -> None:
    """A store in a file belongs to one serve."""
    with laid_out(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        gateway.start()
        port = gateway.smtp
        others = [f'{key}.listen = "127.0.0.1:{free_port()}"' for key in ("metrics", "console")]
        _edited(gateway, f'smtp.listen = ["127.0.0.1:{free_port()}"]', *others)
        done = _serve(gateway)
        assert done.returncode == 2
        assert "served by another process" in done.stderr
        with socket.create_connection(("127.0.0.1", port), 5):
            pass


def test_fewer_roles_on_the_embedded_bus(tmp_path: Path) -> None:
    """The bus inside one process cannot serve two."""
    with laid_out(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        done = subprocess.run(
            [COMMAND, "serve", "-c", str(gateway.config), "--role", "smtp"], text=True, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "bus.url" in done.stderr


@pytest.mark.peer("postgresql")
def test_broker_unreachable_at_start(tmp_path: Path) -> None:
    """One clear line, and the gateway starts and accepts mail."""
    with running_sink() as sink, laid_out(
        tmp_path, f"127.0.0.1:{sink.port}", bus=f"kafka://127.0.0.1:{free_port()}"
    ) as gateway:  # fmt: skip
        gateway.start()
        clean = next(each for each in letters(5, 1) if each.fate == "clean")
        assert submit(gateway.smtp, clean.sender, [clean.recipient], clean.content) == 250
        assert eventually(lambda: b"bus_lost" in gateway.log)
        assert gateway.log.count(b"bus_lost") == 1
        assert eventually(lambda: gateway.metric("chaperone_unpublished_messages") == 1)
        assert sink.taken == []


def test_check_says_what_is_wrong(tmp_path: Path) -> None:
    """Every line of check is one fact; a next hop that is not there is an error and the mend is said."""
    with laid_out(tmp_path, f"127.0.0.1:{free_port()}") as gateway:
        said = gateway.cli("check", code=1)
        assert "error next hop: " in said
        assert "mend smtp.next_hop" in said
        assert said.count("error") == 1
        assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("line", [b'{"text": "caf\xe9"}', b'{"id": 1}'])
def test_a_row_to_classify_that_is_none(line: bytes) -> None:
    good = b'{"id": "a", "channel": "sms", "from": "staff", "text": "The quiz is on Friday."}'
    rows = b"\n".join((good, line, b""))
    done = subprocess.run([COMMAND, "classify", "--jsonl"], input=rows, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"line 2 of standard input" in done.stderr
    assert b"caf" not in done.stderr
