"""Measures the directory with an invented district: loading, lookups and reloading.

python -m tests.bench.bench_directory [--people 200000] [--only load|reload]
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from gateway.core.mime.headers import Mailbox
from gateway.core.relation.identities import find_people, forms_pair
from gateway.core.relation.relate import relate
from gateway.directory.live_directory import LiveDirectory
from gateway.directory.loading import RosterSources, load_sources
from gateway.directory.roster import Roster
from gateway.directory.tables import COLUMNS
from gateway.observability.events import EventLog

STAFF, STUDENTS = "district.example", "students.district.example"
GIVEN = [a + b for a in "Da Ma Jo El Su Ro Ka Li Te No".split() for b in "na rcus rdan isa san bert rl".split()]
FAMILY = [
    a + b + c
    for a in "Whit Lind Pach Oye Cast Berg Hol Mont Sten Fair".split()
    for b in "er an el or in".split()
    for c in "field quist eco son ley man".split()
]


def table(folder: Path, name: str, rows: Iterable[Mapping[str, str]], only: str = "") -> None:
    """Write one table with all columns of the standard, or only some."""
    columns = (only or COLUMNS[name] + (" password" if name == "users" else "")).split()
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)


def write(folder: Path, people: int, version: str) -> None:
    """Write a district: 6 % staff, 54 % students, 40 % guardians; some staff have children in it."""
    rng = random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    staff, students = people * 6 // 100, people * 54 // 100
    schools = [f"school-{n:03}" for n in range(max(people // 1000, 2))]
    ids = [f"person-{n:07}" for n in range(people)]
    roles = ["teacher"] * staff + ["student"] * students + ["parent"] * (people - staff - students)
    domains = {"teacher": STAFF, "student": STUDENTS, "parent": "mail.example"}
    school_of = rng.choices(schools, k=people)

    def agents(n: int) -> str:
        parents = [ids[rng.randrange(staff + students, people)] for _ in range(2)]
        return ",".join([*parents, *([rng.choice(ids[:staff])] if n % 50 == 0 else [])])

    def user(n: int) -> dict[str, str]:
        given, family = rng.choice(GIVEN), rng.choice(FAMILY)
        row = {
            "sourcedId": ids[n], "enabledUser": "true", "givenName": given, "familyName": family, "identifier": ids[n],
            "email": f"{given}.{family}{n}@{domains[roles[n]]}", "password": "secret",
            "sms": f"+1515{2000000 + n:07}" if n % 3 else "", "phone": f"(641) {200 + n % 700}-{n % 10000:04}",
            "agentSourcedIds": agents(n) if roles[n] == "student" else "",
        }  # fmt: skip
        return row | ({"role": roles[n], "orgSourcedIds": school_of[n]} if version == "1.1" else {})

    modes = {
        "orgs": "bulk",
        "users": "bulk",
        "classes": "bulk",
        "enrollments": "bulk",
        "roles": "bulk" if version == "1.2" else "absent",
    }
    manifest = {"oneroster.version": version, **{f"file.{name}": mode for name, mode in modes.items()}}
    table(folder, "manifest", ({"propertyName": name, "value": value} for name, value in manifest.items()))
    table(folder, "orgs", ({"sourcedId": school, "name": school, "type": "school"} for school in schools))
    table(folder, "users", (user(n) for n in range(people)))
    if version == "1.2":
        fields = ({"userSourcedId": ids[n], "role": roles[n], "orgSourcedId": school_of[n]} for n in range(people))
        table(
            folder, "roles", ({"sourcedId": f"r{n}", "beginDate": "2020-08-01", **row} for n, row in enumerate(fields))
        )
    taught = [n % staff for n in range(2 * staff)]  # class by class, who teaches it
    at: dict[str, list[int]] = {}
    for number, teacher in enumerate(taught):
        at.setdefault(school_of[teacher], []).append(number)
    enrolled = itertools.chain(
        ((n, rng.choice(at.get(school_of[n]) or [0])) for n in range(staff, staff + students) for _ in range(6)),
        ((teacher, number) for number, teacher in enumerate(taught)),
    )
    table(folder, "classes", ({"sourcedId": f"class-{n}", "title": f"Period {n % 8}"} for n in range(len(taught))))
    table(
        folder, "enrollments",
        ({"sourcedId": f"e{n}-{number}", "userSourcedId": ids[n], "classSourcedId": f"class-{number}",
          "schoolSourcedId": school_of[n], "role": roles[n]} for n, number in enrolled),
    )  # fmt: skip
    everybody = [
        (f"all-students@{STUDENTS}", student) for student in ids[staff : min(staff + 20_000, staff + students)]
    ]
    classes = [(f"class-{n % 2000}@{STUDENTS}", ids[staff + n % students]) for n in range(50_000)]
    table(folder.parent, "groups", ({"address": group, "member": each} for group, each in everybody + classes))


def rss() -> float:
    """Resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def per_call(call: Callable[[str], object], arguments: Sequence[str]) -> float:
    """CPU microseconds per call: the median over ten parts, because other processes disturb some of them."""
    tenth, took = len(arguments) // 10, []
    for start in range(0, 10 * tenth, tenth):
        began = time.process_time()
        for argument in arguments[start : start + tenth]:
            call(argument)
        took.append((time.process_time() - began) / tenth * 1e6)
    return statistics.median(took)


def loading(sources: RosterSources) -> None:
    """Load once: time, memory afterwards, and peak memory."""
    base, highest = rss(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    began, cpu = time.perf_counter(), time.process_time()
    loaded = load_sources(sources, time.time())
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    with tempfile.TemporaryFile() as file:
        loaded.roster.image.write(file)
        image = file.tell()
    print(f"loaded {len(loaded.roster)} people in {took:.2f} s ({cpu:.2f} s of CPU), image {image / 1e6:.1f} MB")
    print(f"memory above the start: {rss() - base:.0f} MB after, {peak - max(base, highest):.0f} MB at the peak")
    print(f"{len(loaded.warnings)} kinds of irregularities")
    looking_up(loaded.roster)


def looking_up(roster: Roster) -> None:
    """Measure the lookups of a relay."""
    known = [person.address for person in itertools.islice(roster, 0, None, 7) if person.address]
    random.shuffle(known)
    fresh, strangers = known[:20_000], [f"someone{n}@elsewhere.example" for n in range(20_000)]
    names = [Mailbox(f"x{n}@elsewhere.example", f"{GIVEN[n % 70]} {FAMILY[n % 300]}") for n in range(5_000)]
    print(f"person, first lookup: {per_call(roster.person, fresh):.2f} µs")
    again = fresh[-3_000:]
    print(f"person, repeated lookup: {per_call(roster.person, again):.2f} µs")
    tagged = [address.upper().replace("@", "+x@") for address in fresh]
    print(f"person, upper case and tagged: {per_call(roster.person, tagged):.2f} µs")
    print(f"person, a stranger: {per_call(roster.person, strangers):.2f} µs")
    print(f"is_internal: {per_call(roster.is_internal, fresh):.2f} µs")
    print(f"members, no group: {per_call(roster.members, strangers):.2f} µs")
    print(f"namesakes: {per_call(roster.namesakes, [box.name for box in names]):.1f} µs")
    print(f"identified, a stranger: {per_call(lambda address: find_people(address, roster), strangers[::-1]):.2f} µs")
    teacher = next(person for person in roster if "staff" in person.roles)
    pupils = [person.id for person in itertools.islice(roster, 0, None, 7)]
    print(f"classes_of_both: {per_call(lambda each: roster.classes_of_both(teacher.id, each), pupils):.2f} µs")
    shown = [box.name for box in names]
    near = [teacher.id, pupils[0]]
    print(f"meant, a full name: {per_call(lambda each: roster.resolve_names([each], near), shown):.1f} µs")
    print(f"meant, a first name: {per_call(lambda name: roster.resolve_names([name.split()[0]], near), shown):.1f} µs")
    classmates = [person.name for row in roster.attending(0) if (person := roster.at(row)).id != teacher.id][:5]
    nicknames = ["Katie", "Pepe", "Bill"]
    mentioned = [*classmates, *nicknames, shown[0].split()[0], "Annual Goals"]
    ten = per_call(lambda each: roster.resolve_names(mentioned, [teacher.id, each]), pupils)
    print(f"meant, ten names of a message: {ten:.1f} µs")
    print(f"relationships: {per_call(lambda address: list(roster.relationships_to(address, pupils[0])), fresh):.2f} µs")
    print(f"forms_pair: {per_call(lambda each: forms_pair((teacher,), each, roster), fresh):.2f} µs")
    began = time.perf_counter()
    pairs = relate(teacher.address, (), [f"all-students@{STUDENTS}"], roster).pairs
    print(f"a group of {len(pairs)} students: {(time.perf_counter() - began) * 1e3:.0f} ms")


async def longest_delay(during: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds that a coroutine took, and the longest delay of the event loop meanwhile."""
    worst, stop = 0.0, asyncio.Event()

    async def tick() -> None:
        nonlocal worst
        while not stop.is_set():
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - began - 0.001)

    ticking = asyncio.create_task(tick())
    began = time.perf_counter()
    await during()
    took = time.perf_counter() - began
    stop.set()
    await ticking
    return took, worst


async def reloading(sources: RosterSources) -> None:
    """Reload while the event loop ticks, and measure its longest delay; another process is the baseline."""
    live = await LiveDirectory.opened(sources, EventLog(CollectorRegistry()))

    async def look() -> None:
        while not await live.check_files():
            await asyncio.sleep(0.05)

    async def another_process() -> None:
        burn = await asyncio.create_subprocess_exec(sys.executable, "-c", "for _ in range(150_000_000): pass")
        await burn.wait()

    took, worst = await longest_delay(another_process)
    print(f"another process for {took:.1f} s: longest delay of the event loop {worst * 1e3:.1f} ms")
    for _ in range(3):
        base = rss()
        users = sources.oneroster / "users.csv"
        lines = users.read_text(encoding="utf-8").splitlines(keepends=True)
        users.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
        del lines
        took, worst = await longest_delay(look)
        print(f"reloaded in {took:.1f} s: longest delay {worst * 1e3:.1f} ms; memory {rss() - base:+.0f} MB")


def main() -> None:
    """Write the district, then measure it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=200_000)
    arguments.add_argument("--version", choices=("1.1", "1.2"), default="1.2")
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--only", choices=("load", "reload"))
    options = arguments.parse_args()
    if options.folder is not None:
        sources = RosterSources(
            options.folder / "oneroster", options.folder / "groups.csv", None, (STAFF, STUDENTS), {}, (STUDENTS,)
        )
        if options.only == "load":
            loading(sources)
        else:
            asyncio.run(reloading(sources))
        return
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "oneroster", options.people, options.version)
        for only in ("load", "reload"):
            command = [sys.executable, "-m", "tests.bench.bench_directory", "--folder", folder, "--only", only]
            subprocess.run(command, check=True, timeout=600)


if __name__ == "__main__":
    main()
