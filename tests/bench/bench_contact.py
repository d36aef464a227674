"""What counting contact costs a decision in CPU time, in a store with many counted messages.

    python -m tests.bench.bench_contact [--rows 10000000] [--staff 12000] [--students 188000] [--decisions 2000]

The rows are a year of a district: class mail to many and one-to-one messages, of teachers with 20 to 150 students each.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, quantiles
from zoneinfo import ZoneInfo

from gateway import policies
from gateway.core.contact.calendar import local_minute, week_of
from gateway.core.contact.person import all_rows, hour_bars, pair_summaries, week_bars
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.store import open_store
from gateway.store.contact.histories import histories
from gateway.store.contact.people import contact_of_person, raised_of_pair
from gateway.store.engine.clock_watch import ClockWatch
from gateway.store.engine.dialects import Database, sqlite_dialect

NOW = 1_900_000_000.0
YEAR = 365 * 86400.0
ZONE = ZoneInfo("America/Chicago")
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'contacts' AND sql IS NOT NULL"
_INSERT = (
    "INSERT INTO contacts (message_id, conversation, at, staff, student, by_staff, night, alone, outside, local, "
    "channel, author, marks, purpose) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 'mail', ?, 0, ?)"
)


def rows(chance: random.Random, count: int, staff: int, students: int) -> Iterator[tuple[object, ...]]:
    """So many rows of the log. Every staff member has own students; some pairs write far more than others."""
    offset = local_minute(NOW, ZONE) - int(NOW // 60)
    sizes = [chance.randrange(20, 150) for _ in range(staff)]
    classes = [[f"S{number}" for number in chance.sample(range(students), size)] for size in sizes]
    made = number = 0
    while made < count:
        teacher = chance.randrange(staff)
        at = NOW - YEAR * chance.random()
        number += 1
        name, id_, local = f"T{teacher}", f"{number:026}", int(at // 60) + offset
        if chance.random() < 0.06:  # class mail
            for student in chance.sample(classes[teacher], min(25, len(classes[teacher]))):
                yield id_, conversation_id(name, student), at, name, student, 1, 0, 0, local, "", ""
                made += 1
        else:
            place = int(len(classes[teacher]) * chance.random() ** 3)
            student, by_staff = classes[teacher][place], chance.random() < 0.5
            author = "" if by_staff else student
            outside = int(chance.random() < 0.002)
            yield (
                id_, conversation_id(name, student), at, name, student, int(by_staff), 1, outside, local, author,
                "academic",
            )  # fmt: skip
            made += 1


def fill(file: Path, options: argparse.Namespace) -> None:
    """Fill the log. Indexes are made at the end, which is faster."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous = OFF")
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    chance = random.Random(options.seed)
    connection.executemany(_INSERT, rows(chance, options.rows, options.staff, options.students))
    for _, sql in indexes:
        connection.execute(sql)
    connection.commit()
    connection.execute("ANALYZE")
    connection.close()


async def usual(file: Path) -> float:
    """Seconds to compute what is usual in a week."""
    async with open_store(f"sqlite:///{file}") as store:
        began = time.perf_counter()
        await store.contact.update_usual(week_of(local_minute(NOW, ZONE)), lambda staff: (f"B{len(staff)}",))
        return time.perf_counter() - began


def measure(file: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """CPU milliseconds of the history, and of the notes of a decision, for random messages of the last week."""
    connection = sqlite3.connect(file)
    database = Database(connection.cursor(), sqlite_dialect(), time.time, ClockWatch())
    found = connection.execute(
        "SELECT message_id, min(staff), min(student), max(by_staff) FROM contacts WHERE at > ? GROUP BY message_id "
        "HAVING count(*) = 1 ORDER BY random() LIMIT ?",
        (NOW - 7 * 86400, options.decisions),
    ).fetchall()
    policy = policies.read(None, dict.fromkeys(Direction, Action.RELEASE))
    spent: dict[str, list[float]] = {"history": [], "notes": [], "rows": []}
    for id_, staff, student, by_staff in found:
        began = time.thread_time()
        contact = histories(database, [id_])[id_]
        between = time.thread_time()
        direction = Direction.STAFF_TO_STUDENT if by_staff else Direction.STUDENT_TO_STAFF
        decide((Pair("x", staff, student, direction),), None, contact, policy)
        spent["history"].append((between - began) * 1e3)
        spent["notes"].append((time.thread_time() - between) * 1e3)
        spent["rows"].append(sum(len(history.rows) for history in contact.values()))
    return spent


def pages(file: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """CPU milliseconds of what the pages of random staff members, students and pairs read and count."""
    connection = sqlite3.connect(file)
    database = Database(connection.cursor(), sqlite_dialect(), time.time, ClockWatch())
    rules = policies.read(None, dict.fromkeys(Direction, Action.RELEASE)).contact_rules
    found = connection.execute(
        "SELECT staff, student FROM contacts WHERE at > ? AND alone = 1 ORDER BY random() LIMIT ?",
        (NOW - 7 * 86400, min(options.decisions, 300)),
    ).fetchall()
    spent: dict[str, list[float]] = {"staff": [], "student": [], "pair": []}
    for staff, student in found:
        for name, person in (("staff", staff), ("student", student)):
            began = time.process_time()
            contact = contact_of_person(database, person, name == "staff", NOW - YEAR)
            rows = all_rows(contact)
            pair_summaries(contact, rules), week_bars(rows), hour_bars(rows)
            spent[name].append((time.process_time() - began) * 1e3)
        began = time.process_time()
        raised_of_pair(database, conversation_id(staff, student), NOW - YEAR)
        spent["pair"].append((time.process_time() - began) * 1e3)
    return spent


def main() -> None:
    """Fill a store and print the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--staff", type=int, default=12_000)
    parser.add_argument("--students", type=int, default=188_000)
    parser.add_argument("--decisions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"

        async def create() -> None:
            async with open_store(f"sqlite:///{file}"):
                pass

        asyncio.run(create())
        began = time.perf_counter()
        fill(file, options)
        print(f"{options.rows} rows in {time.perf_counter() - began:.0f} s, {file.stat().st_size / 1e9:.1f} GB")
        print(f"usual of a week: {asyncio.run(usual(file)):.1f} s")
        measure(file, options)  # warm
        spent = measure(file, options)
        spent |= pages(file, options)
        units = dict.fromkeys(("history", "notes", "staff", "student", "pair"), " ms") | {"rows": ""}
        for name, unit in units.items():
            values = spent[name]
            percentiles = quantiles(values, n=100)
            print(f"{name:>8}: mean {mean(values):.3f}{unit}, median {percentiles[49]:.3f}, 99 % {percentiles[98]:.3f}")


if __name__ == "__main__":
    main()
