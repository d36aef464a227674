"""`chaperone user`: what a password reset or a removed second step ends."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.assembly.factories import directory_sources
from gateway.cli import main
from gateway.core.accounts.account import Token
from gateway.core.policy.decision import AuditEntry
from gateway.directory.loading import load_sources
from gateway.ports.store import Store
from gateway.settings.model import load
from gateway.store import open_store
from tests.settings.test_model import LEAST

pytestmark = pytest.mark.slow

ACT = AuditEntry(1.0, "ann", "signed in", "ann")
T = TypeVar("T")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A district whose auditor is signed in with two browsers and has an API token."""
    (tmp_path / "var").mkdir()
    made = tmp_path / "chaperone.toml"
    made.write_text(LEAST)
    _run(made, monkeypatch, "add", "ann", "--role", "auditor", "--password-stdin")

    async def sign_in(store: Store) -> None:
        for letter in "ab":
            await store.sessions.start(letter * 64, "ann", 3600.0, "f", "c", ACT, way="password")
        now = await store.clock.now()
        await store.tokens.add("t" * 64, Token("t" * 12, "ann", True, now, now + 3600, None), ACT)

    _in_store(made, sign_in)
    return made


def _run(config: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int = 0) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("seven ducks on ice\n"))
    assert main(["user", *arguments, "-c", str(config)]) == code


def _in_store(config: Path, do: Callable[[Store], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with open_store(f"sqlite:///{config.parent}/var/chaperone.db") as store:
            return await do(store)

    return asyncio.run(opened())


def _active(config: Path) -> tuple[int, int]:
    """The numbers of active sessions and tokens of the auditor."""

    async def count(store: Store) -> tuple[int, int]:
        now = await store.clock.now()
        return len(await store.sessions.of_user("ann")), sum(
            token.in_force(now) for token in await store.tokens.list_all()
        )

    return _in_store(config, count)


def _last_entry(config: Path) -> AuditEntry:
    async def last(store: Store) -> AuditEntry:
        return (await store.audit_trail.entries_about("ann", 1))[0]

    return _in_store(config, last)


def test_a_password_reset_ends_sessions_and_tokens(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else may have known the password."""
    assert _active(config) == (2, 1)
    _run(config, monkeypatch, "passwd", "ann", "--password-stdin")
    assert _active(config) == (0, 0)
    assert "signed out everywhere, and its API tokens are revoked" in capsys.readouterr().out
    entry = _last_entry(config)
    assert (entry.act, entry.detail) == ("password changed", {"tokens": "ended"})


def test_a_password_reset_keeps_tokens_on_request(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(config, monkeypatch, "passwd", "ann", "--password-stdin", "--keep-tokens")
    assert _active(config) == (0, 1)
    assert "its API tokens still work" in capsys.readouterr().out


def test_removing_the_second_step_ends_sessions(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lost phone may be signed in."""

    async def set_up(store: Store) -> None:
        await store.second_steps.begin("ann", "S" * 32)
        assert await store.second_steps.confirm("ann", int(await store.clock.now() // 30), (), ACT)

    _in_store(config, set_up)
    _run(config, monkeypatch, "codes-off", "ann")
    assert _active(config) == (0, 1)
    assert "signed out everywhere" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["bob", "a b"])
def test_a_reset_of_an_unknown_name_is_refused(config: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Other accounts keep their sessions and tokens."""
    code = 1 if name == "bob" else 2
    _run(config, monkeypatch, "passwd", name, "--password-stdin", code=code)
    assert _active(config) == (2, 1)


@pytest.fixture
def with_roster(config: Path) -> Path:
    """The same district, with a roster."""
    example = config.parent / "example"
    assert main(["directory", "example", str(example)]) == 0
    text = config.read_text()
    written = re.sub(r'oneroster = "[^"]*"', f'oneroster = "{example}"', text)
    assert written != text
    config.write_text(written)
    return config


def test_a_role_that_decides_is_warned_without_a_person(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(config, monkeypatch, "add", "dora", "--role", "technology_director", "--password-stdin")
    assert "warning: dora decides on messages and has no person" in capsys.readouterr().err
    _run(config, monkeypatch, "add", "dave", "--role", "technology_director", "--no-person", "--password-stdin")
    _run(config, monkeypatch, "add", "sue", "--role", "security", "--password-stdin")
    assert "warning" not in capsys.readouterr().err
    both = ("--no-person", "--person", "s-1")
    _run(config, monkeypatch, "add", "x", "--role", "auditor", *both, "--password-stdin", code=2)


def test_ids_that_the_roster_lacks_are_refused_with_near_ones(
    with_roster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = load_sources(directory_sources(load(with_roster, {})), 1.9e9).roster
    person, org = next(iter(roster)), next(iter(roster.orgs.values()))
    add = ("add", "dora", "--role", "building_administrator", "--password-stdin")
    _run(with_roster, monkeypatch, *add, "--building", org.id + "x", "--person", person.id, code=1)
    assert f"did you mean {org.id}" in capsys.readouterr().err
    _run(with_roster, monkeypatch, *add, "--building", org.name, "--person", person.id, code=1)
    assert f"did you mean {org.id}" in capsys.readouterr().err
    _run(with_roster, monkeypatch, *add, "--building", org.id, "--person", person.id + "x", code=1)
    assert person.id in capsys.readouterr().err
    _run(with_roster, monkeypatch, *add, "--building", org.id, "--person", person.address, code=1)
    assert f"did you mean {person.id}?" in capsys.readouterr().err
    _run(with_roster, monkeypatch, *add, "--building", org.id, "--person", person.id)
    assert "warning" not in capsys.readouterr().err
