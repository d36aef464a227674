"""A day of an administrator, through the pages only: what a person would click and type, and what the pages say.

`CHAPERONE_DAY_PICTURES=FOLDER` (`make day`) keeps a picture of each step, on a desktop in light and on a phone in dark,
and checks the accessibility of each page.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect
from pytest_asyncio import fixture as async_fixture

from gateway.console.config import PolicyRules
from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.core.policy.decision import AuditEntry
from gateway.stages.urgency.notices import UrgentNotices, UrgentWays
from tests.console.district import DIRECTOR, LINDGREN, PASSWORD_HASH, SampleMessage, staff_address, student_address
from tests.console.reports.test_pages import count
from tests.console.running_console import RunningConsole, running_console, sign_in_browser
from tests.console.test_browser import PHONE, violations

pytestmark = pytest.mark.peer("chromium")

ABARA = "abara"
"""A principal who is technology director too. Her own inbox gets the hoax."""
PICTURES = os.environ.get("CHAPERONE_DAY_PICTURES", "")
_STUDENTS = ("maya.lindqvist", "diego.villalobos", "harper.brekke", "minh.nguyen", "camille.fontaine", "priya.raman")
_TOPICS = (
    "the essay about rivers", "rehearsal on Monday", "your physics report", "the chess tournament", "robotics club",
    "the museum visit", "your college letter", "the debate on Friday", "the yearbook", "choir practice",
)  # fmt: skip


def _staff(sender: str, student: str, subject: str, text: str, *found: tuple[str, float, str]) -> SampleMessage:
    return SampleMessage(staff_address(sender), (student_address(student),), subject, text, found)


def _day() -> Mapping[str, SampleMessage]:
    """What comes beside the messages of the district: together 30 holds, 60 flags and 4 calls for help.

    One of the holds is the hoax, which does not stand on the list of the administrator that it threatens.
    """
    students = cycle(_STUDENTS)
    chain = "Send this to ten friends before midnight or your luck runs out."
    day = {
        f"chain-{number}": _staff("wade.brannigan", student, "Pass it on", f"{chain}\n", ("9", 0.8, "ten friends"))
        for number, student in enumerate(islice(students, 16))
    }
    unkind = "worthless, like everything that you hand in"
    for number, topic in enumerate(_TOPICS[:6]):
        text = f"About {topic}: it is {unkind}. {topic.title()} deserves better.\n"
        day[f"unkind-{number}"] = _staff(
            "elena.ruiz", next(students), topic.capitalize(), text, ("7e", 0.9, "worthless")
        )
    day["hoax"] = SampleMessage(
        student_address("jonas.stoltz"), (staff_address("denise.abara"),), "tomorrow",
        "This is a threat: there is a bomb in the gym and it goes off at noon.\n", (("9", 0.96, "threat"),),
    )  # fmt: skip
    cell = "Just text me on my cell, it is easier than mail"
    for number, student in enumerate(islice(students, 40)):
        day[f"cell-{number}"] = _staff(
            "dana.okafor", student, "Reach me", f"{cell}.\n", ("4", 0.9, "text me on my cell")
        )
    for number in range(19):
        topic, other = _TOPICS[number % 10], _TOPICS[(number * 3 + 1) % 10]
        text = f"Forget {topic} and {other} for a moment: did you see the game, number {number * 7919}, last night?\n"
        day[f"game-{number}"] = _staff("elena.ruiz", next(students), "The game", text, ("6", 0.9, "the game"))
    for number, words in enumerate(("i cant go home tonight", "he hits me when he drinks", "i want it to be over")):
        day[f"help-{number}"] = SampleMessage(
            student_address(next(students)), (staff_address("hollis.meyer"),), "can we talk", f"{words}\n", help=0.97
        )
    return day


@dataclass
class Day:
    """The console on the morning of that day, and the administrator's browser."""

    console: RunningConsole
    page: Page
    messages: Mapping[str, Message]
    pictures: BrowserContext | None

    async def go(self, name: str) -> None:
        """Use a link of the menu."""
        await self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()

    async def says(self, *words: str | re.Pattern[str]) -> None:
        """What the page says."""
        for word in words:
            await expect(self.page.locator("body")).to_contain_text(word)

    @property
    def rows(self) -> Locator:
        """The rows of the list on the page."""
        return self.page.locator("#queue ol.rows .row")

    async def picture(self, name: str) -> None:
        """Keep a picture of the page, and of the same page on a phone."""
        if self.pictures is None:
            return
        await self.page.screenshot(path=Path(PICTURES, f"{name}-desktop.png"), full_page=True)
        await self.pictures.add_cookies(await self.page.context.cookies())  # type: ignore[arg-type]
        phone = await self.pictures.new_page()
        await phone.goto(self.page.url)
        assert not await violations(phone), name
        await phone.screenshot(path=Path(PICTURES, f"{name}-phone.png"), full_page=True)
        await phone.close()

    async def state(self, name: str) -> State:
        """The state of a message's first recipient."""
        (trace,) = await self.console.store.lookups.trace(id=self.messages[name].id)
        return trace.recipients[0].state


@async_fixture(loop_scope="session")
async def day(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path, browser: Browser, page: Page
) -> AsyncIterator[Day]:
    """The morning: everything has come, and nobody has looked at it."""
    file, messages = sqlite_district
    url = f"sqlite:///{shutil.copy(file, tmp_path)}"
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(running_console(url, messages, policy_rules=PolicyRules(people=2)))
        abara = User(ABARA, AccountRole.TECHNOLOGY_DIRECTOR, person="s-02")
        await console.store.accounts.add(abara, PASSWORD_HASH, AuditEntry(console.clock(), "t", "account added", ABARA))
        added = {name: await console.add_message(sample) for name, sample in _day().items()}
        await count(console)
        pictures = await browser.new_context(**PHONE) if PICTURES else None
        yield Day(console, page, {**messages, **added}, pictures)
        if pictures is not None:
            await pictures.close()


async def _told(day: Day) -> Sequence[str]:
    """Who gets the notice of the hoax, as notification finds them."""
    store = day.console.store
    urgent = UrgentNotices(store.accounts, store.lookups, day.console.people, UrgentWays((), day.console.url, "R"))
    found = [item for item in await store.followups.claim_due(1000, 60) if isinstance(item, Followup)]
    hoax = day.messages["hoax"].id
    (followup,) = [item for item in found if (item.kind, item.message) == (FollowupKind.URGENT, hoax)]
    return (await urgent.notice(followup)).recipients


async def test_a_day_of_an_administrator(day: Day, browser: Browser) -> None:
    await sign_in_browser(day.page, day.console, ABARA)
    await _looks_around(day)
    await _takes_up_calls_for_help(day)
    await _reads_the_hoax(day)
    await _decides_what_is_held(day)
    await _looks_at_flags(day)
    async with _second_person(browser) as other:
        await sign_in_browser(other, day.console, DIRECTOR)
        await _decides_the_hoax(day, other)
        await _changes_the_policy(day, other)
    await _registers_a_tool(day, browser)
    await _answers_a_records_request(day)
    await _ends_the_day(day)


@asynccontextmanager
async def _second_person(browser: Browser) -> AsyncIterator[Page]:
    """A page of somebody else, with a browser profile of their own."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    yield await context.new_page()
    await context.close()


async def _looks_around(day: Day) -> None:
    await day.go("Overview")
    tiles = day.page.locator(".tile")
    for words in (
        "4 calls for help that nobody has taken up", "29 held messages", "60 flagged messages to look at",
    ):  # fmt: skip
        await expect(tiles.filter(has_text=re.compile(rf"^\s*{words}"))).to_have_count(1)
    await day.picture("01-overview")


async def _takes_up_calls_for_help(day: Day) -> None:
    await day.go("Help")
    await day.says("4 not taken up", "Each was delivered at once")
    await day.picture("02-help")
    for left in (3, 2, 1):
        await day.page.get_by_role("button", name="I take this up").first.click()
        await day.says("You have taken up the call for help of", f"{left} not taken up")
    await day.page.locator("li.call .row").click()  # the last one from its page
    await day.picture("03-call-for-help")
    await day.page.get_by_role("button", name="I take this up").click()
    await day.says("Taken up by abara")
    await day.go("Help")
    await expect(day.page.get_by_role("heading", name="Calls for help")).not_to_contain_text("not taken up")


async def _reads_the_hoax(day: Day) -> None:
    assert staff_address("denise.abara") in await _told(day)
    await day.go("Held")
    await expect(day.page.locator("#held-title .count")).to_have_text("29")
    await day.picture("04-held")
    await day.page.goto(f"{day.console.url}/messages/{day.messages['hoax'].id}")  # the link of the notice
    await day.says("there is a bomb in the gym", "somebody else must decide", "follow the emergency procedure")
    await expect(day.page.get_by_role("button", name=re.compile("Release|Reject|Discard"))).to_have_count(0)
    await day.picture("05-hoax")


async def _decides_what_is_held(day: Day) -> None:
    page = day.page
    await day.go("Held")
    await page.locator("li", has_text="15 more like this").get_by_role("link", name="look at them together").click()
    await expect(page.get_by_role("heading", name="16 similar messages")).to_be_visible()
    await day.picture("06-together")
    await page.get_by_label("Reason").fill("a chain letter")
    await page.get_by_role("button", name="Reject the ticked").click()
    await expect(page.get_by_role("heading", name="16 rejected")).to_be_visible()
    await page.get_by_role("link", name="Back to the queue").click()
    await expect(page.locator("#held-title .count")).to_have_text("13")
    await page.locator(f'.row[data-id="{day.console.id("high")}"]').click()  # by keyboard, in the pane
    await expect(page.locator("#pane #message")).to_contain_text("just between us")
    await day.picture("07-pane")
    await page.keyboard.press("e")
    await page.keyboard.type("spoke with him")
    await page.keyboard.press("Escape")
    await page.keyboard.press("x")
    await day.says("Message of Peter Lindgren: Rejected.")
    await page.locator(f'.row[data-id="{day.messages["unkind-0"].id}"]').click()
    await expect(page.locator("#pane #message")).to_contain_text("worthless")
    await page.get_by_text("What the sender reads when you reject").click()
    words = page.get_by_label("Words to the sender")
    await expect(words).to_have_value(re.compile("An administrator of Riverbend has read it"))
    await words.fill("Please write it again without the second sentence.")
    await page.get_by_role("button", name=re.compile("^Reject")).click()
    await day.says("Message of Elena Ruiz: Rejected.")
    for number in range(1, 6):
        await page.goto(f"{day.console.url}/messages/{day.messages[f'unkind-{number}'].id}")
        await page.get_by_label("Reason").fill("harsh, but about school")
        await page.locator("#decision").get_by_role("button", name=re.compile("^Release")).click()
        await day.says("Message of Elena Ruiz: Released.")
    assert await day.state("high") is State.REJECTED
    assert await day.state("unkind-5") is State.QUEUED
    await day.go("Held")
    await expect(page.locator("#held-title .count")).to_have_text("6")


async def _looks_at_flags(day: Day) -> None:
    page = day.page
    await day.go("Flagged")
    await expect(page.locator("#held-title .count")).to_have_text("60")
    await day.picture("08-flagged")
    await page.locator("li", has_text="39 more like this").get_by_role("link", name="look at them together").click()
    await page.get_by_label("Reason").fill("told her at the staff meeting")
    await page.get_by_role("button", name="The ticked are violations").click()
    await expect(page.get_by_role("heading", name="40 messages marked as violations")).to_be_visible()
    await page.get_by_role("link", name="Back to the list").click()
    await expect(page.locator("#held-title .count")).to_have_text("20")
    await page.keyboard.press("j")
    await expect(page.locator("#pane #message")).to_be_visible()
    await day.picture("09-flag-in-pane")
    await page.keyboard.press("f")
    await day.says("Message of Elena Ruiz: Marked as fine")
    await expect(page.locator("#held-title .count")).to_have_text("19")


async def _decides_the_hoax(day: Day, other: Page) -> None:
    """She may not; somebody else does, and then she is no longer told."""
    await other.goto(f"{day.console.url}/messages/{day.messages['hoax'].id}")
    await other.get_by_label("Reason").fill("the police know")
    await other.locator("#decision").get_by_role("button", name=re.compile("^Reject")).click()
    await expect(other.locator("body")).to_contain_text("Message of Jonas Stoltz: Rejected.")
    await day.page.goto(f"{day.console.url}/messages/{day.messages['hoax'].id}")
    await expect(day.page.locator("#message header")).to_contain_text("rejected")


async def _changes_the_policy(day: Day, other: Page) -> None:
    page = day.page
    await day.go("Policy")
    await day.picture("10-policy")
    await page.get_by_role("link", name="Versions and changes").click()
    await page.get_by_role("link", name="Change the policy").click()
    source = page.get_by_label("Policy", exact=False).and_(page.locator("textarea"))
    text = await source.input_value()
    await source.fill(text.replace("alert = 0.5", "alert = 0.45", 1))
    await expect(page.locator("#findings")).to_contain_text("alert 0.45, was 0.50")
    await page.get_by_label("Why it changes").fill("one call too many was missed")
    await day.picture("11-policy-edit")
    await page.get_by_role("button", name="Propose").click()
    await day.says("Proposal for the policy", "By abara")
    await expect(page.get_by_role("button", name="Agree and publish")).to_have_count(0)
    await day.picture("12-proposal")
    await other.get_by_role("link", name="Policy", exact=True).click()
    await other.get_by_role("link", name="Versions and changes").click()
    await other.get_by_role("link", name="Proposal of abara").click()
    await expect(other.locator("body")).to_contain_text("alert 0.45, was 0.50")
    await other.get_by_role("button", name="Agree and publish").click()
    await expect(other.locator("body")).to_contain_text("In force within seconds")
    await day.go("Policy")
    await page.get_by_role("link", name="Versions and changes").click()
    await day.says("one call too many was missed", "abara, director")
    await day.picture("13-versions")


async def _registers_a_tool(day: Day, browser: Browser) -> None:
    async with _second_person(browser) as staff:
        await sign_in_browser(staff, day.console, LINDGREN)
        await staff.get_by_role("link", name="Tools").click()
        await staff.get_by_label("Domain").fill("quiz.example.org")
        await staff.get_by_label("Name").fill("Quizzer")
        await staff.get_by_role("button", name="Ask for it").click()
        await expect(staff.locator("body")).to_contain_text("quiz.example.org")
    page = day.page
    await day.go("Administration")
    await expect(page.locator("li.card", has_text="Classroom tools")).to_contain_text("1 to decide")
    await day.picture("14-administration")
    await page.get_by_role("link", name="Classroom tools").click()
    await day.says("Requested by", "quiz.example.org", "lindgren")
    await day.picture("15-tools")
    request = page.get_by_role("row", name=re.compile("quiz.example.org"))
    await request.get_by_label("Who has administrator access").fill("the technology office")
    await request.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("row", name=re.compile("quiz.example.org.*the technology office"))).to_be_visible()


async def _answers_a_records_request(day: Day) -> None:
    page = day.page
    await day.go("Administration")
    await page.get_by_role("link", name="Records requests").click()
    await page.get_by_label("Person").fill("maya.lindqvist@students.riverbend.example")
    await page.get_by_role("button", name="Start").click()
    await day.says("redacted")
    download = page.get_by_role("link", name="Download")
    await expect(download).to_be_visible()
    await day.picture("16-records")
    async with page.expect_download() as found:
        await download.click()
    assert (await found.value).suggested_filename.endswith(".zip")


async def _ends_the_day(day: Day) -> None:
    await day.go("Overview")
    tiles = day.page.locator(".tile")
    for words in ("0 calls for help", "6 urgent messages", "6 held messages", "19 flagged messages to look at"):
        await expect(tiles.filter(has_text=re.compile(rf"^\s*{words}"))).to_have_count(1)
    await day.picture("17-evening")
    while await day.console.store.audit.link(1000):
        pass
    await day.go("Administration")
    await day.page.get_by_role("link", name="Who did what").click()
    await day.says("told her at the staff meeting", "Policy proposed", "Tool registered")
    await day.picture("18-who-did-what")


@pytest.mark.parametrize("context", [{"java_script_enabled": False}], indirect=True, ids=["no-script"])
async def test_the_work_of_the_day_needs_no_javascript(day: Day) -> None:
    """Lists, messages, and every kind of decision."""
    page = day.page
    await sign_in_browser(page, day.console, ABARA)
    await day.go("Help")
    await page.get_by_role("button", name="I take this up").first.click()
    await day.says("3 not taken up")
    await day.go("Held")
    for name, button, said in (("unkind-0", "Release", "Released"), ("unkind-1", "Reject", "Rejected")):
        await page.locator(f'.row[data-id="{day.messages[name].id}"]').click()
        await expect(page.locator("#message mark").first).to_contain_text("worthless")
        await page.get_by_label("Reason").fill("read it")
        await page.locator("#decision").get_by_role("button", name=re.compile(f"^{button}")).click()
        await day.says(f"Message of Elena Ruiz: {said}.")
        await day.go("Held")
    await expect(page.locator("#held-title .count")).to_have_text("27")
    await day.go("Flagged")
    await page.locator(f'.row[data-id="{day.messages["game-0"].id}"]').click()
    await page.locator("#decision").get_by_role("button", name=re.compile("^Fine")).click()
    await day.says("Message of Elena Ruiz: Marked as fine")
    await day.go("Flagged")
    await expect(page.locator("#held-title .count")).to_have_text("59")
