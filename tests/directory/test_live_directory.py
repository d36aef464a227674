"""The live directory: reloaded on change, keeps the last good roster, never blocks the event loop."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.core.relation.personal_accounts import PersonalAccounts
from gateway.directory import live_directory, loader_process
from gateway.directory.importing import import_roster
from gateway.directory.live_directory import LiveDirectory
from gateway.directory.loading import RosterSources
from gateway.directory.validation import RosterError
from gateway.observability.events import EventLog
from tests.directory.sample_district import ALIAS, NOW, STAFF, STUDENTS, District, load_district, user, write_table
from tests.growth import cpu_seconds

pytestmark = pytest.mark.slow

NEW = user("s9", "student", "New", "Kid", f"nk@{STUDENTS}")


def sources(folder: Path, **more: Path) -> RosterSources:
    return RosterSources(folder, domains=(STAFF, STUDENTS), aliases={ALIAS: STAFF}, **more)


async def opened(
    folder: Path, *, last_good: Path | None = None, clock: Callable[[], float] = lambda: NOW, **more: Path
) -> LiveDirectory:
    return await LiveDirectory.opened(
        sources(folder, **more), EventLog(CollectorRegistry()), last_good=last_good, clock=clock
    )


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, object]]]:
    return [(record.msg, record.__dict__["fields"]) for record in caplog.records if record.name == "chaperone"]


async def check_twice(live: LiveDirectory) -> bool:
    """A change is seen at the first check and loaded at the second."""
    assert not await live.check_files()
    return await live.check_files()


async def test_it_answers_like_its_roster(tmp_path: Path) -> None:
    groups = write_table(tmp_path / "groups.csv", ["address", "member"], [[f"g@{STAFF}", "t1"]])
    live = await opened(District().written(tmp_path / "or"), groups=groups)
    person = live.person(f"DWhitfield@{ALIAS}")
    assert person is not None
    assert person.id == "t1"
    assert live.members(f"g@{STAFF}") == (person,)
    assert live.namesakes("Ms. Whitfield") == (person,)
    assert live.is_internal(f"x@{ALIAS}")
    assert live.warnings == ()
    assert len(live.roster) == 7


async def test_an_unknown_address_is_a_student_where_the_district_says_so(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    for says_so in (False, True):
        given = replace(sources(folder), unknown_is_student=says_so)
        live = await LiveDirectory.opened(given, EventLog(CollectorRegistry()), clock=lambda: NOW)
        found = live.unknown_student(f"New.Kid+x@{STAFF}")
        assert (found.id if found else "") == (f"new.kid@{STAFF}" if says_so else "")
        assert live.is_unknown_internal(f"new.kid@{STAFF}")
        assert live.is_unknown_internal(f"new.kid@{STUDENTS}")
        for known in (f"dwhitfield@{STAFF}", "new.kid@elsewhere.example", "+15155550110"):
            assert live.unknown_student(known) is None
            assert not live.is_unknown_internal(known)


async def test_personal_accounts_stay_in_use_with_a_new_roster(tmp_path: Path) -> None:
    live = await opened(District().written(tmp_path / "or"))
    assert live.person("dw@home.example") is None
    live.use_personal_accounts(PersonalAccounts({"dw@home.example": "t1"}, frozenset({("x@y.example", "t1")})))
    await live.reload()
    person = live.person("DW@home.example")
    assert person is not None
    assert person.id == "t1"
    assert live.is_refused("X@y.example", "t1")
    live.use_personal_accounts(PersonalAccounts())
    assert live.person("dw@home.example") is None


async def test_a_broken_roster_at_the_first_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match=r"does not exist; set directory.oneroster"):
        await opened(tmp_path / "nowhere", last_good=tmp_path / "state" / "roster")
    assert list((tmp_path / "state").iterdir()) == []


async def test_change_is_loaded_once_files_are_stable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    district = District()
    live = await opened(district.written(tmp_path / "or"))
    assert not await live.check_files()
    district.users.append(NEW)
    district.written(tmp_path / "or")
    assert not await live.check_files()
    assert live.person(NEW["email"]) is None
    (tmp_path / "or" / "orgs.csv").touch()  # still being written
    assert not await live.check_files()
    assert await live.check_files()
    person = live.person(NEW["email"])
    assert person is not None
    assert person.id == "s9"
    assert not await live.check_files()
    assert events(caplog) == [("reloaded", {"what": "directory", "changed": 1})]


async def test_watch_checks_periodically(tmp_path: Path) -> None:
    district = District()
    live = await opened(district.written(tmp_path / "or"))
    watching = asyncio.create_task(live.watch(0.01))
    district.users.append(NEW)
    district.written(tmp_path / "or")
    async with asyncio.timeout(30):
        while live.person(NEW["email"]) is None:
            await asyncio.sleep(0.01)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


@pytest.mark.parametrize("what", ["groups", "contacts"])
async def test_the_districts_lists_are_watched_too(tmp_path: Path, what: str) -> None:
    rows = {"groups": ["address", "member"], "contacts": ["person", "kind", "value"]}
    path = write_table(tmp_path / f"{what}.csv", rows[what], [])
    live = await opened(District().written(tmp_path / "or"), **{what: path})
    write_table(path, rows[what], [[f"g@{STAFF}", "t1"] if what == "groups" else ["t1", "email", "d@home.example"]])
    assert await check_twice(live)
    assert live.members(f"g@{STAFF}") if what == "groups" else live.person("d@home.example")


async def test_a_broken_file_keeps_the_last_good_roster(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = District().written(tmp_path / "or")
    live = await opened(folder)
    good = (folder / "users.csv").read_text()
    (folder / "users.csv").write_text(good.replace('"Ruth"', '"Ruth'))
    assert not await check_twice(live)
    assert not await check_twice(live)  # neither loaded nor logged again
    assert live.person(f"dwhitfield@{STAFF}") is not None
    (event, fields), = events(caplog)  # fmt: skip
    assert (event, fields["what"]) == ("kept_last_good", "directory")
    assert str(fields["why"]).startswith(f"{folder}/users.csv line 4: a quote is opened and never closed; ")
    (folder / "users.csv").write_text(good)
    assert await check_twice(live)


async def test_a_file_that_removes_too_many_keeps_the_last_good_roster(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    district = District()
    live = await opened(district.written(tmp_path / "or"))
    district.users = district.users[:5]
    district.written(tmp_path / "or")
    assert not await check_twice(live)
    assert len(live.roster) == 7
    (event, fields), = events(caplog)  # fmt: skip
    assert event == "kept_last_good"
    assert "would remove 2 of 7 people" in str(fields["why"])
    assert "Lindqvist" not in json.dumps(fields)


async def test_files_that_vanish_keep_the_last_good_roster(tmp_path: Path) -> None:
    folder = District().written(tmp_path / "or")
    live = await opened(folder)
    os.rename(folder, tmp_path / "away")
    assert not await check_twice(live)
    assert live.person(f"dwhitfield@{STAFF}") is not None
    os.rename(tmp_path / "away", folder)
    assert await check_twice(live)


async def test_files_that_change_while_they_are_read_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    district = District()
    state = tmp_path / "state" / "roster"
    live = await opened(district.written(tmp_path / "or"), last_good=state)
    calls = []

    async def read_and_write(*arguments: Any) -> Any:
        found = await loader_process.load_in_child(*arguments)
        calls.append(found)
        if len(calls) == 1:
            district.users.append(NEW)
            district.written(tmp_path / "or")
        return found

    monkeypatch.setattr(live_directory, "load_in_child", read_and_write)
    (tmp_path / "or" / "users.csv").touch()
    assert not await check_twice(live)
    assert len(calls) == 1
    assert await check_twice(live)
    assert live.person(NEW["email"]) is not None
    assert [each.name for each in state.parent.iterdir()] == ["roster"]


async def test_a_new_day_ends_roles(tmp_path: Path) -> None:
    district = District().split()
    district.roles[0]["endDate"] = "2026-11-30"
    now = NOW
    live = await opened(district.written(tmp_path / "or"), clock=lambda: now)
    person = live.person(f"dwhitfield@{STAFF}")
    assert person is not None
    assert person.roles
    now += 30 * 86_400
    assert await check_twice(live)
    person = live.person(f"dwhitfield@{STAFF}")
    assert person is not None
    assert not person.roles


async def test_the_last_good_roster_survives_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = tmp_path / "var" / "roster"
    folder = District().written(tmp_path / "or")
    await opened(folder, last_good=state)
    assert [each.name for each in state.parent.iterdir()] == ["roster"]
    assert state.stat().st_mode & 0o777 == 0o600
    (folder / "users.csv").write_text("")
    live = await opened(folder, last_good=state)
    assert live.person(f"dwhitfield@{STAFF}") is not None
    assert [event for event, _ in events(caplog)] == ["kept_last_good"]
    District().written(folder)
    assert await check_twice(live)
    assert [each.name for each in state.parent.iterdir()] == ["roster"]


@pytest.mark.parametrize("content", [b"", b"something else", b"chaperone roster\n\x05\0\0\0\0\0\0\0[1,2]", None])
async def test_damaged_last_good_file_is_ignored(tmp_path: Path, content: bytes | None) -> None:
    state = tmp_path / "roster"
    folder = District().written(tmp_path / "or")
    if content is None:  # cut off in the middle
        await opened(folder, last_good=state)
        content = state.read_bytes()[:-100]
    state.write_bytes(content)
    live = await opened(folder, last_good=state)
    assert live.person(f"dwhitfield@{STAFF}") is not None


async def test_unwritable_last_good_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RosterError, match="could not be stored"):
        await opened(District().written(tmp_path / "or"), last_good=tmp_path / "file" / "roster")


async def test_child_that_takes_too_long_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader_process, "LOAD_TIMEOUT", 0.01)
    with pytest.raises(RosterError, match="could not be loaded in a child process"):
        await loader_process.load_in_child(sources(District().written(tmp_path / "or")), 0.2, NOW)


async def test_reload_does_not_block_the_event_loop(tmp_path: Path) -> None:
    """30,000 people are loaded while the event loop runs, in a small part of the time that reading them takes."""
    district = District()
    district.users += [user(f"x{n}", "student", f"Given{n}", f"Family{n}", f"x{n}@{STUDENTS}") for n in range(30_000)]
    live = await opened(district.written(tmp_path / "or"))
    reading = cpu_seconds(load_district, tmp_path / "or")
    (tmp_path / "or" / "users.csv").touch()
    assert not await live.check_files()
    mine = time.thread_time()
    assert await live.check_files()
    assert time.thread_time() - mine < reading / 4


async def test_running_gateway_accepts_removals_allowed_at_import(tmp_path: Path) -> None:
    target = tmp_path / "or"
    district = District()
    live = await opened(district.written(target))
    district.users = district.users[:5]
    import_roster(district.written(tmp_path / "new"), target, max_removal=0.5, domains=(STAFF, STUDENTS), now=NOW)
    assert await check_twice(live)
    assert len(live.roster) == 5


async def test_roster_that_our_fault_kept_from_being_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its files do not change. Each failure in a row doubles the pause."""
    live = await opened(District().written(tmp_path / "or"))
    monkeypatch.setattr(live_directory, "FIRST_RETRY", 0.25)
    working = loader_process.sys.executable
    monkeypatch.setattr(loader_process.sys, "executable", "/bin/false")  # the child dies at once
    district = District()
    district.users.append(NEW)
    district.written(tmp_path / "or")
    with caplog.at_level(logging.INFO):
        assert not await check_twice(live)
        assert not await live.check_files()  # not before its time
        failures = [fields for name, fields in events(caplog) if name == "kept_last_good"]
        assert len(failures) == 1
        assert "could not be loaded in a child process" in str(failures)
        async with asyncio.timeout(20):
            while len([name for name, _ in events(caplog) if name == "kept_last_good"]) < 3:
                await asyncio.sleep(0.01)
                assert not await live.check_files()
        monkeypatch.setattr(loader_process.sys, "executable", working)
        async with asyncio.timeout(20):
            while not await live.check_files():
                await asyncio.sleep(0.01)
    assert live.person(f"nk@{STUDENTS}") is not None


async def test_first_roster_is_tried_again_after_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory or no file handles for a moment at the start are no reason to end."""
    folder, marker = District().written(tmp_path / "or"), tmp_path / "second"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nif mkdir {marker} 2>/dev/null; then exit 1; fi\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(loader_process.sys, "executable", str(python))
    monkeypatch.setattr(live_directory, "_START_PAUSES", (0.01,))
    live = await opened(folder)
    assert live.person(f"dwhitfield@{STAFF}") is not None


async def test_file_that_could_not_be_opened_for_want_of_handles_is_our_fault(tmp_path: Path) -> None:
    """As told from one that nobody may read."""
    folder = District().written(tmp_path / "or")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c",
        "import resource, sys, os\n"
        "from pathlib import Path\n"
        "from gateway.directory.loading import RosterSources, load_sources\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))\n"
        "held = []\n"
        "try:\n"
        "    while True: held.append(os.dup(0))\n"
        "except OSError: pass\n"
        "try: load_sources(RosterSources(Path(sys.argv[1])), 0.0)\n"
        "except Exception as error: kind = type(error).__name__\n"
        "[os.close(fd) for fd in held]\n"
        "print(kind)\n",
        str(folder), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await child.communicate()
    assert said == b"LoadingFailed\n"
