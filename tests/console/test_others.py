"""Pages for others: reports, one's own messages, the policy that was in force before."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction, Pair
from gateway.core.review.report import HeldCopy, build_report, report_rows
from tests.console.district import AUDITOR, DIRECTOR, HELD, HIGH, LINDGREN, MIDDLE, SAID, SECURITY, student
from tests.console.test_browser import BOTH
from tests.console.world import World

PAIR = (Pair("a", "T", "S", Direction.STAFF_TO_STUDENT),)


def _holding(state: State, by: str, took: float | None = 60.0, clauses: tuple[str, ...] = ("7a",)) -> HeldCopy:
    decided = None if took is None else 1_900_000_000.0 + took
    return HeldCopy(1_900_000_000.0, decided, by, state, "mail", "staff_to_student", clauses, "en", PAIR)


def test_a_report_counts() -> None:
    found = build_report(
        [
            _holding(State.SENT, "ann", 60.0), _holding(State.REJECTED, "ann", 120.0, ("7a", "6")),
            _holding(State.HELD, "policy"), _holding(State.SENT, "policy"), _holding(State.QUEUED, "bob", 600.0),
        ],
        lambda pairs: ("o-high",), ZoneInfo("America/Chicago"),
    )  # fmt: skip
    total = found.total
    assert (total.held, total.decided, total.overturned, total.waiting, total.usual) == (5, 3, 2, 1, 120.0)
    assert total.share == pytest.approx(2 / 3)
    assert {name: line.held for name, line in found.by["clause"].items()} == {"7a": 5, "6": 1}
    assert list(found.by["building"]) == ["o-high"]
    assert list(found.by["day"]) == ["2030-03-17"]


@BOTH
async def test_reports(world: World) -> None:
    async with world.program(DIRECTOR) as program:
        await program.post(f"/api/v1/messages/{world.id('high')}/release", json={"reason": ""})
        await program.post(f"/api/v1/messages/{world.id('own')}/reject", json={"reason": ""})
        found = (await program.get("/api/v1/reports", params={"days": 7})).json()
    copies = sum(len(world.messages[name].envelope.recipients) for name in HELD)
    assert found["total"] == {
        "value": "", "held": copies, "decided": 2, "overturned": 1, "waiting": copies - 2,
        "median_seconds": found["total"]["median_seconds"],
    }  # fmt: skip
    assert {each["value"]: each["held"] for each in found["by"]["building"]}["o-middle"] == 2
    assert found["volume"] == {
        "mail hold": copies - 1,
        "sms hold": 1,
        "mail flag": 1,
        "mail alert": 1,
        "mail release": 1,
    }
    async with world.program(MIDDLE) as program:
        theirs = (await program.get("/api/v1/reports")).json()
        assert theirs["total"]["held"] == 2
        assert {each["value"] for each in theirs["by"]["building"]} == {"o-middle"}
        assert theirs["volume"] == {}


async def test_a_report_as_a_page_and_as_a_table(world: World) -> None:
    async with world.signed_in(HIGH) as browser:
        page = await browser.get("/reports?days=90")
        assert "<svg" in page.text
        assert "Riverbend High School" in page.text
        assert "Riverbend Middle School" not in page.text
        answer = await browser.get("/reports.csv?days=90")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0][:3] == ["by", "value", "held"]
    assert {row[0] for row in rows[1:]} >= {"all", "clause", "building", "language", "day"}
    assert not [row for row in rows if any("@" in cell or "Lindgren" in cell for cell in row)]
    assert (await world.store.acts_about("90 days", 1))[0].act == "report exported"


def test_a_table_has_the_same_figures() -> None:
    found = build_report([_holding(State.SENT, "ann")], lambda pairs: (), ZoneInfo("UTC"))
    rows = report_rows(found, Counter({("mail", "hold"): 3}))
    assert rows[1][:3] == ("delivered or held", "mail hold", 3)
    assert rows[2] == ("all", "", 1, 1, 1, 0, 60)


async def test_somebody_sees_where_their_own_messages_are(world: World) -> None:
    async with world.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
    assert "maya.lindqvist@students.riverbend.example" in page
    assert "an administrator looks at it" in page
    for hidden in ("After practice", "just between us", ">7a", "liam.whitcomb", "tess.vandermeer", world.id("high")):
        assert hidden not in page
    (act, *_) = await world.store.acts_about(LINDGREN, 5)
    assert act.act == "own messages looked up"


async def test_texts_from_their_own_numbers_are_theirs_as_well(world: World) -> None:
    """The number that the roster knows as theirs."""
    (number,) = [each for each in world.people.addresses_of("s-06") if each.startswith("+")][:1]
    message = await world.put(replace(SAID["text"], sender=number))
    async with world.signed_in(LINDGREN) as browser:
        page = (await browser.get("/mine")).text
    assert message.envelope.recipients[0].address in page
    assert "dont tell" not in page


async def test_an_earlier_policy_stays_readable(world: World) -> None:
    await world.store.keep_policy("a" * 64, "title = 1", "# The *first* text\n<script>alert(1)</script>")
    world.clock.ahead += 86400
    await world.store.keep_policy("a" * 64, "title = 1", "# The second text")
    await world.store.keep_policy("a" * 64, "title = 1", "# The second text")
    async with world.stranger() as browser:
        page = (await browser.get("/policy")).text
        assert "Earlier versions" in page
        versions = [hash_ for hash_, *_ in await world.store.policy_versions()]
        assert len(versions) == 2
        texts = [(await browser.get(f"/policy/{each}")).text for each in versions]
    assert "The second text" in texts[0]
    assert "<em>first</em>" in texts[1]
    assert "<script>alert" not in texts[1]
    assert "title = 1" in texts[1]


# --- what two people have to do with each other ---------------------------------------------------------------------


async def test_the_page_of_a_message_says_what_both_have_to_do_with_each_other(world: World) -> None:
    child = replace(SAID["own"], to=(student("ngozi.okafor"),), found=(("7b", 0.95, "Come alone"),))
    pages = {}
    async with world.signed_in(DIRECTOR) as browser:
        for name in ("high", "text"):
            pages[name] = (await browser.get(f"/messages/{world.id(name)}")).text
        pages["child"] = (await browser.get(f"/messages/{(await world.put(child)).id}")).text
    assert "class: Algebra II, period 4" in pages["high"]
    assert "no class" not in pages["high"]
    assert "own child" in pages["child"]
    assert "class: Biology, period 2" in pages["child"]
    assert "through a personal account" in pages["text"]


# --- words -----------------------------------------------------------------------------------------------------------

_LINKS = re.compile(r'<li><a href="([^"]+)"[^>]*>([^<]+)</a></li>')


@pytest.mark.parametrize("who", [DIRECTOR, HIGH, SECURITY, AUDITOR, LINDGREN])
async def test_every_page_of_the_menu_says_what_it_is_for(world: World, who: str) -> None:
    """In plain words, on top of it; the menu has no word that explains itself to us alone."""
    async with world.signed_in(who) as browser:
        menu = dict(_LINKS.findall((await browser.get("/policy")).text))
        assert not {"Trace", "Audit", "Mine"} & set(menu.values())
        assert menu.get("/trace", "Find a message") == "Find a message"
        assert menu.get("/audit", "Who did what") == "Who did what"
        for path in (*menu, *(["/help", "/decided"] if who in (DIRECTOR, HIGH) else [])):
            page = (await browser.get(path)).text
            main = page[page.index("<main") :]
            said = re.search(r'</h1>\s*<p class="soft purpose">([^<]{20,})', main)
            assert said, path
