"""Measures console pages and API calls with a large store.

    python -m tests.bench.bench_console [--only sqlite|postgresql] [--held 100000] [--flagged 100000]
        [--decided 2000000] [--times 20]

PostgreSQL runs in a temporary server; SQLite gets a tenth of the held and decided messages. The messages are those of
an invented district of 20,000 people. A time is the median of requests over HTTP to a console in this process, with the
slowest in parentheses.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg

from gateway.core.accounts.account import User
from gateway.core.policy.clauses import LEARNED
from gateway.core.policy.decision import AuditEntry
from gateway.directory.loading import load_roster
from gateway.directory.roster import Roster
from gateway.store import open_store
from tests.bench.bench_directory import STAFF, STUDENTS, write
from tests.console.district import PASSWORD_HASH, USERS
from tests.console.running_console import RunningConsole, form_secret, running_console, sign_in
from tests.peers.postgresql import running_postgresql

TABLES = {
    "messages": "id channel received_at sender message_id sha256 size tls prefix envelope",
    "contents": "message_id subject excerpt content",
    "recipients": "message_id position channel domain state next_attempt_at token attempts queued_at changed_at due_at "
    "action marked decided_by decided_at decision reply size address",
    "contacts": "message_id conversation at staff student by_staff night alone outside",
    "review_work": "message_id kind at due_at outcome clauses by_name reason closed_at chosen",
    "audit": "id at actor act subject detail written_at number previous hash",
}
SUBJECTS = (
    "practice,homework,your essay,field trip,lab report,tomorrow,quick question,grade,ride home,missing work".split(",")
)
WORDS = "we you the at after class please meet room essay coach game alone ride text phone late home test work".split()
YEAR, MONTH = 365 * 86400.0, 30 * 86400.0


def rows(
    count: int, action: str, now: float, people: tuple[list[str], list[str]], start: int
) -> Iterator[dict[str, tuple[Any, ...]]]:
    """The rows of a number of messages, by table."""
    rng = random.Random(start)
    staff, students = people
    held, listed = action == "hold", action != "release"
    for number in range(start, start + count):
        teacher, pupil = rng.choice(staff), rng.choice(students)
        at = now - rng.random() * (14 * 86400 if listed else YEAR)
        id_, sender, to = f"{number:026d}", f"{teacher}@{STAFF}", f"{pupil}@{STUDENTS}"
        clauses = rng.sample(LEARNED, rng.choice((1, 1, 2)))
        due_in, found = 7200.0 if held else None, clauses if listed else []
        decision = json.dumps([action, "staff_to_student", "p", found, [], due_in])
        envelope = json.dumps([sender, [], [[to]], [[0, teacher, pupil, "staff_to_student", 0]]])
        subject = f"{rng.choice(SUBJECTS)} {number % 97}"
        yield {
            "messages": (id_, "mail", at, sender, f"<{number}@{STAFF}>", "0" * 64, 2000, 0, b"", envelope),
            **(
                {"contents": (id_, subject, " ".join(rng.choices(WORDS, k=60)), b"Subject: x\r\n\r\nx\r\n")}
                if listed
                else {}
            ),
            **({"review_work": (id_, "flag", at, at + YEAR, "", "[]", "", "", None, 0)} if action == "flag" else {}),
            "recipients": (
                id_, 0, "mail", STUDENTS, "held" if held else "sent", None, None, 0, None, at,
                at + 7200 if held else None, action, int(listed), "policy", at, decision, "", 2000, to,
            ),
            **({"contacts": (id_, f"{teacher} {pupil}", at, teacher, pupil, 1, 0, 1, 0)} if at > now - MONTH else {}),
            "audit": (number + 1000, at, "policy", "decided", id_, "{}", at, number + 1, "0" * 64, "0" * 64),
        }  # fmt: skip


def fill(url: str, held: int, flagged: int, decided: int, people: tuple[list[str], list[str]]) -> None:
    """Fill a store's tables directly."""
    now = time.time()
    for count, action, start in (
        (decided, "release", 0), (held, "hold", decided), (flagged, "flag", decided + held)
    ):  # fmt: skip
        for begin in range(start, start + count, 50_000):
            chunk: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
            for row in rows(min(50_000, start + count - begin), action, now, people, begin):
                for name, values in row.items():
                    chunk[name].append(values)
            _insert(url, chunk)
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _insert(url: str, chunk: dict[str, list[tuple[Any, ...]]]) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            for name, tuples in chunk.items():
                names = TABLES[name].split()
                database.executemany(
                    f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", tuples
                )
        return
    with psycopg.connect(url) as connection:
        for name, tuples in chunk.items():
            names = ", ".join(TABLES[name].split())
            with connection.cursor().copy(f"COPY {name} ({names}) FROM STDIN") as copy:  # type: ignore[arg-type]
                for values in tuples:
                    copy.write_row(values)


class Timer:
    """Measures requests and prints their times."""

    def __init__(self, times: int) -> None:
        self._times = times

    async def measure(
        self, what: str, client: httpx.AsyncClient, method: str, path: str, **more: Any
    ) -> httpx.Response:
        """Send the request several times and print the median time."""
        took = []
        for _ in range(self._times):
            began = time.perf_counter()
            answer = await client.request(method, path, **more)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code < 400, (path, answer.status_code)
        print(
            f"  {what:44} {statistics.median(took):7.0f} ms  ({max(took):.0f})  {len(answer.content) // 1024} kB",
            flush=True,
        )
        return answer


@contextlib.asynccontextmanager
async def _district(folder: Path) -> AsyncIterator[Roster]:
    write(folder / "oneroster", 20_000, "1.1")
    yield load_roster(folder / "oneroster", domains=[STAFF, STUDENTS], now=time.time()).roster


async def measure(url: str, people: Roster, held: int, flagged: int, decided: int, times: int) -> None:
    """Fill a store and measure a console on it."""
    async with open_store(url) as store:
        for user in USERS.values():
            await store.accounts.add(user, PASSWORD_HASH, AuditEntry(time.time(), "bench", "account added", user.name))
        schools = sorted({org for person in people for org in person.buildings})
        await store.accounts.add(
            User("school", USERS["high"].role, tuple(schools[:1])),
            PASSWORD_HASH,
            AuditEntry(time.time(), "bench", "account added", "x"),
        )
    by_role: dict[str, list[str]] = {"staff": [], "student": []}
    for person in people:
        for role in person.roles:
            if role.value in by_role:
                by_role[role.value].append(person.id)
    began = time.perf_counter()
    await asyncio.to_thread(fill, url, held, flagged, decided, (by_role["staff"], by_role["student"]))
    took = time.perf_counter() - began
    counts = f"{held} held, {flagged} flagged and {decided} decided messages"
    print(f"{url.partition(':')[0]}: {counts}, written in {took:.0f} s")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with running_console(url, {}, people=people) as console:
        await _pages(console, Timer(times), f"{decided + held // 2:026d}", by_role["student"][0])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"  memory of the queue: at most {grown:.0f} MiB")


async def _pages(console: RunningConsole, timer: Timer, one: str, pupil: str) -> None:
    async with console.anonymous() as director, console.anonymous() as school:
        began = time.perf_counter()
        await sign_in(director, "director")
        await sign_in(school, "school")
        page = await director.get("/")
        print(f"  {'first page after start, reads the whole queue':44} {(time.perf_counter() - began) * 1000:7.0f} ms")
        await timer.measure("queue", director, "GET", "/")
        await timer.measure("queue of one school", school, "GET", "/")
        await timer.measure("queue, one clause, overdue", director, "GET", "/?clause=7a&age=overdue")
        form = form_secret(page)
        for what, text in (("a word", "essay"), ("four rare words", "essay coach alone trip")):
            answer = await director.post("/search", data={"form": form, "text": text})
            await timer.measure(f"queue, search for {what}", director, "GET", answer.headers["location"])
        began = time.perf_counter()
        await director.get("/flagged")
        print(f"  {'first page of the flagged messages':44} {(time.perf_counter() - began) * 1000:7.0f} ms")
        await timer.measure("flagged", director, "GET", "/flagged")
        await timer.measure("flagged of one school", school, "GET", "/flagged")
        await timer.measure("flagged, one clause, older than a day", director, "GET", "/flagged?clause=7a&age=older")
        words = {"form": form, "kind": "flag", "text": "essay coach alone"}
        answer = await director.post("/flagged/search", data=words)
        await timer.measure("flagged, search for three words", director, "GET", answer.headers["location"])
        await timer.measure(
            "trace by address", director, "POST", "/trace", data={"form": form, "asked": f"{pupil}@{STUDENTS}"}
        )
        await timer.measure("message", director, "GET", f"/messages/{one}")
        await timer.measure("calls for help", director, "GET", "/help")
        await timer.measure("delivered", director, "GET", "/delivered")
        await timer.measure("audit", director, "GET", "/audit")
        for path in ("/reports",):
            if (await director.get(path)).status_code == 200:
                await timer.measure("reports", director, "GET", path)
    async with console.api_client("director") as program:
        await timer.measure("API: held, a page", program, "GET", "/api/v1/held?limit=100")
        await timer.measure("API: flagged, a page", program, "GET", "/api/v1/flagged?limit=100")
        await timer.measure("API: flagged of a clause", program, "GET", "/api/v1/flagged?limit=100&clause=7a")
        await timer.measure("API: stats", program, "GET", "/api/v1/stats")
        took = []
        for number in range(10):
            began = time.perf_counter()
            await program.post(f"/api/v1/messages/{int(one) + number:026d}/release", json={"reason": ""})
            await program.get("/api/v1/stats")
            took.append((time.perf_counter() - began) * 1000)
        print(f"  {'API: release one, and the queue after it':44} {statistics.median(took):7.0f} ms  ({max(took):.0f})")


async def main(options: argparse.Namespace) -> None:
    """Measure both databases, or one."""
    with tempfile.TemporaryDirectory() as folder:
        async with _district(Path(folder)) as people:
            if options.only in ("", "sqlite"):
                url = f"sqlite:///{folder}/chaperone.db"
                await measure(url, people, options.held // 10, options.flagged, options.decided // 10, options.times)
            if options.only in ("", "postgresql"):
                with running_postgresql(Path(folder) / "postgresql") as server:
                    await measure(
                        server.database(), people, options.held, options.flagged, options.decided, options.times
                    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("", "sqlite", "postgresql"), default="")
    parser.add_argument("--held", type=int, default=100_000)
    parser.add_argument("--flagged", type=int, default=100_000)
    parser.add_argument("--decided", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=20)
    asyncio.run(main(parser.parse_args()))
