"""Accounts from a terminal: what a reset by whoever runs the gateway ends of them."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.cli import main
from gateway.core.accounts.account import Token
from gateway.core.policy.decision import AuditEntry
from gateway.store import SqlStore, open_store
from tests.test_settings import LEAST

ACT = AuditEntry(1.0, "ann", "signed in", "ann")
T = TypeVar("T")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A district whose auditor is signed in, in two browsers, and has a program with a token."""
    (tmp_path / "var").mkdir()
    made = tmp_path / "chaperone.toml"
    made.write_text(LEAST)
    _run(made, monkeypatch, "add", "ann", "--role", "auditor", "--password-stdin")

    async def live(store: SqlStore) -> None:
        for each in "ab":
            await store.sign_in(each * 64, "ann", 3600.0, "f", "c", ACT, way="password")
        now = await store.now()
        await store.add_token("t" * 64, Token("t" * 12, "ann", True, now, now + 3600, None), ACT)

    _in_store(made, live)
    return made


def _run(config: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, code: int = 0) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("seven ducks on ice\n"))
    assert main(["user", *arguments, "-c", str(config)]) == code


def _in_store(config: Path, do: Callable[[SqlStore], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with open_store(f"sqlite:///{config.parent}/var/chaperone.db") as store:
            return await do(store)

    return asyncio.run(opened())


def _left(config: Path) -> tuple[int, int]:
    """How many sessions and tokens of hers still open something."""

    async def counted(store: SqlStore) -> tuple[int, int]:
        now = await store.now()
        return len(await store.sessions_of("ann")), sum(each.in_force(now) for each in await store.tokens())

    return _in_store(config, counted)


def _last_act(config: Path) -> AuditEntry:
    async def last(store: SqlStore) -> AuditEntry:
        return (await store.acts_about("ann", 1))[0]

    return _in_store(config, last)


def test_a_reset_password_ends_sessions_and_tokens_and_says_so(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who resets a password for somebody does not know who else had it: nothing that it opened goes on."""
    assert _left(config) == (2, 1)
    _run(config, monkeypatch, "passwd", "ann", "--password-stdin")
    assert _left(config) == (0, 0)
    assert "signed out everywhere, and whose API tokens are revoked" in capsys.readouterr().out
    act = _last_act(config)
    assert (act.act, act.detail) == ("password changed", {"tokens": "ended"})


def test_a_reset_password_leaves_tokens_where_that_is_asked(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Programs go on where nobody else can have known the password."""
    _run(config, monkeypatch, "passwd", "ann", "--password-stdin", "--keep-tokens")
    assert _left(config) == (0, 1)
    assert "its API tokens go on" in capsys.readouterr().out


def test_a_second_step_that_is_taken_away_ends_sessions(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The phone is gone, and may be signed in."""

    async def set_up(store: SqlStore) -> None:
        await store.begin_second_step("ann", "S" * 32)
        assert await store.confirm_second_step("ann", int(await store.now() // 30), (), ACT)

    _in_store(config, set_up)
    _run(config, monkeypatch, "codes-off", "ann")
    assert _left(config) == (0, 1)
    assert "signed out everywhere" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["bob", "a b"])
def test_nobody_is_reset_who_is_not_there(config: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """And nothing of the others ends."""
    code = 1 if name == "bob" else 2
    _run(config, monkeypatch, "passwd", name, "--password-stdin", code=code)
    assert _left(config) == (2, 1)
