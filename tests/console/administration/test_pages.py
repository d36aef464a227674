"""Administration: accounts, contacts, groups and the import of a roster, as pages and by the API."""

from __future__ import annotations

import io
import re
import shutil
import time
import zipfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page
from prometheus_client import CollectorRegistry
from pytest_asyncio import fixture as async_fixture

from gateway.core.accounts.account import AccountRole
from gateway.core.messages.message import Message
from gateway.directory.administration.files import FileRosterAdministration
from gateway.directory.live_directory import LiveDirectory
from gateway.directory.loading import RosterSources
from gateway.observability.events import EventLog
from tests.console.district import DIRECTOR, DISTRICT, HIGH, MIDDLE, STAFF, STUDENTS
from tests.console.running_console import RunningConsole, form_secret, running_console, sign_in, sign_in_browser
from tests.console.test_browser import DESKTOP, PHONE, violations


@async_fixture(scope="module", loop_scope="session")
async def console(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningConsole]:
    """A console whose roster is in files of its own. The tests of this module share it."""
    file, messages = sqlite_district
    folder = tmp_path_factory.mktemp("administration")
    shutil.copytree(DISTRICT / "oneroster", folder / "oneroster")
    for name in ("groups.csv", "contacts.csv"):
        shutil.copy(DISTRICT / name, folder / name)
    with (folder / "groups.csv").open("a") as groups:
        groups.write(f"club@{STAFF},nobody-knows-this\n")
    sources = RosterSources(
        folder / "oneroster", folder / "groups.csv", folder / "contacts.csv", [STAFF, STUDENTS]
    )  # fmt: skip
    live = await LiveDirectory.opened(sources, EventLog(CollectorRegistry()))
    files = FileRosterAdministration(live, sources, 0.2, time.time)
    url = f"sqlite:///{shutil.copy(file, folder)}"
    async with running_console(url, messages, people=live, roster=files) as running:  # type: ignore[arg-type]
        yield running


def _archive(*, without: str = "", extra: Mapping[str, bytes] | None = None) -> bytes:
    """The district's roster as a zip, without the users whose line matches."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((DISTRICT / "oneroster").glob("*.csv")):
            lines = file.read_text().splitlines(keepends=True)
            if without and file.name == "users.csv":
                lines = [line for line in lines if not re.search(without, line)]
            archive.writestr(file.name, "".join(lines))
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return packed.getvalue()


async def _upload(browser: httpx.AsyncClient, content: bytes, form: str = "") -> httpx.Response:
    form = form or form_secret(await browser.get("/administration/roster"))
    return await browser.post(
        "/administration/roster/upload", data={"form": form},
        files={"file": ('ro"ster<b>.zip', content, "application/zip")},
    )  # fmt: skip


async def test_the_index_says_what_waits(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as director, console.signed_in(HIGH) as high:
        page, own = (await director.get("/administration")).text, (await high.get("/administration")).text
    assert "Accounts and roles" in page
    assert "with unknown members" in page
    assert "need attention" in page  # accounts that decide without a person
    assert "Accounts and roles" not in own
    async with console.api_client(HIGH) as program:
        rows = {row["key"]: row for row in (await program.get("/api/v1/administration")).json()["items"]}
    assert rows["groups"]["waits"] == 1
    assert "roster" not in rows


@pytest.mark.peer("chromium")
@pytest.mark.peer("axe")
@pytest.mark.parametrize("context", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
async def test_pages_of_lists_are_accessible(console: RunningConsole, page: Page) -> None:
    await sign_in_browser(page, console, DIRECTOR)
    for path in ("contacts", "groups", "roster"):
        await page.goto(f"{console.url}/administration/{path}")
        assert not await violations(page), path


async def test_contacts_are_those_of_own_buildings(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as director, console.api_client(MIDDLE) as middle:
        everything = (await director.get("/api/v1/contacts")).json()["items"]
        own = (await middle.get("/api/v1/contacts")).json()["items"]
    assert everything
    assert len(own) < len(everything)
    async with console.signed_in(DIRECTOR) as browser:
        assert everything[0]["value"] in (await browser.get("/administration/contacts")).text
    acts = [entry.act for entry in await console.store.audit_trail.entries_about("", 10)]
    assert "contacts viewed" in acts


async def test_groups_show_members_and_who_is_unknown(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        page = await browser.get("/administration/groups")
        assert "nobody-knows-this" in page.text
        form = form_secret(page)
        shown = await browser.post("/administration/groups", data={"form": form, "address": f"club@{STAFF}"})
        assert "neither a person of the roster nor a group" in shown.text
        missing = await browser.post("/administration/groups", data={"form": form, "address": "x@y"})
        assert missing.status_code == 404


# accounts


async def test_an_account_from_adding_to_disabling(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser, console.anonymous() as other:
        page = await browser.get("/administration/accounts")
        form = form_secret(page)

        async def send(path: str = "", **fields: str) -> httpx.Response:
            return await browser.post(f"/administration/accounts{path}", data={"form": form, **fields})

        refused = await send(name="new.one", role="building_administrator", building="o-high")
        assert (refused.status_code, "say who its person is" in refused.text) == (422, True)
        unknown = await send(name="new.one", role="building_administrator", building="o-hihg", person="s-05")
        assert (unknown.status_code, "near it: o-high" in unknown.text) == (422, True)
        nobody = await send(name="new.one", role="auditor", person="Nobody Known")
        assert nobody.status_code == 422
        added = await send(name="New.One", role="building_administrator", building="o-high", person="Dana Okafor")
        found = re.search(r"<code>((?:[a-z2-9]{4}-){4}[a-z2-9]{4})</code>", added.text)
        assert found, added.text[:3000]
        assert (await sign_in(other, "new.one", found[1])).status_code == 303
        account = await console.store.accounts.find("new.one")
        assert account is not None
        assert (account[0].person, account[0].buildings) == ("s-05", ("o-high",))
        assert (await send("/new.one", role="auditor")).status_code == 303
        assert (await other.get("/administration")).status_code == 403  # at once, in the open session
        assert (await send("/new.one", do="disable")).status_code == 303
        assert (await other.get("/account")).status_code == 303
        assert (await send("/new.one", do="enable")).status_code == 303
        assert "shown only now" in (await send("/new.one", do="password")).text
        own = await send(f"/{DIRECTOR}", role="auditor")
        assert (own.status_code, "your own account" in own.text) == (409, True)
        assert (await send("/nobody-there", do="disable")).status_code == 404
        await send("/new.one", do="disable")
    acts = [entry.act for entry in await console.store.audit_trail.entries_about("new.one", 20)]
    assert {"account added", "account changed", "account disabled", "account enabled", "password changed"} <= set(acts)


async def test_accounts_by_the_api(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program, console.api_client(HIGH) as high:
        draft = {"name": "api.one", "role": "security", "by_service": True}
        added = await program.post("/api/v1/accounts", json=draft)
        assert (added.status_code, added.json()["password"]) == (201, "")
        assert (await program.post("/api/v1/accounts", json=draft)).status_code == 409
        changed = await program.put("/api/v1/accounts/api.one", json={"role": "technology_director"})
        assert changed.status_code == 422
        insists = {"role": "technology_director", "no_person": True}
        changed = await program.put("/api/v1/accounts/api.one", json=insists)
        assert changed.json()["faults"] == ["decides, and has no person"]
        assert (await high.post("/api/v1/accounts", json=draft)).status_code == 403
        assert (await program.post("/api/v1/accounts/api.one/disable")).json()["done"] == "disabled"


# the roster


async def test_an_import_shows_its_diff_and_needs_two_yeses_above_the_limit(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        small = await _upload(browser, _archive(without=r'^"?s-06"?,'))
        assert small.status_code == 200, small.text
        assert "<code>s-06</code>" in small.text
        assert "ro&#34;ster&lt;b&gt;.zip" in small.text or "roster" in small.text
        assert "<b>.zip" not in small.text
        assert console.people.by_id("s-06") is not None  # nothing was imported
        id_ = re.search(r'name="import" value="([^"]+)"', small.text)
        assert id_
        form = form_secret(small)
        done = await browser.post("/administration/roster/import", data={"form": form, "import": id_[1]})
        assert "Imported" in done.text
        assert console.people.by_id("s-06") is None
        again = await browser.post("/administration/roster/import", data={"form": form, "import": id_[1]})
        assert again.status_code == 404

        large = await _upload(browser, _archive(without=r'^"?k-'))
        assert "An export that was cut off looks like this" in large.text
        id_ = re.search(r'name="import" value="([^"]+)"', large.text)
        assert id_
        refused = await browser.post("/administration/roster/import", data={"form": form, "import": id_[1]})
        assert refused.status_code == 422
        assert console.people.by_id("k-01") is not None
        whole = await _upload(browser, _archive())
        id_ = re.search(r'name="import" value="([^"]+)"', whole.text)
        assert id_
        await browser.post("/administration/roster/import", data={"form": form, "import": id_[1]})
        assert console.people.by_id("s-06") is not None
        assert "0 people" not in (await browser.post("/administration/roster/again", data={"form": form})).text
    imported = [row for row in await _acts(console) if row[0] == "roster imported"]
    assert len(imported) >= 2


async def _acts(console: RunningConsole) -> list[tuple[str, Mapping[str, object]]]:
    await console.store.audit.link(1000)
    return [(row.entry.act, row.entry.detail) for row in await console.store.audit_trail.newest(1 << 60, 200)]


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\0" * 18, b"not a zip", _archive()[:400]])
async def test_a_broken_upload_is_refused(console: RunningConsole, content: bytes) -> None:
    async with console.signed_in(DIRECTOR) as browser:
        answer = await _upload(browser, content)
    assert answer.status_code == 422
    assert "/tmp" not in answer.text
    assert console.people.by_id("s-05") is not None


async def test_an_upload_that_unpacks_to_a_lot_is_refused(console: RunningConsole) -> None:
    """Its child ends at its limits, and the console goes on."""
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", (DISTRICT / "oneroster" / "manifest.csv").read_bytes())
        archive.writestr("users.csv", b'"sourcedId","status"\r\n"' + b"a" * (64 << 20))
    async with console.signed_in(DIRECTOR) as browser:
        assert (await _upload(browser, bomb.getvalue())).status_code == 422
        assert (await browser.get("/administration/roster")).status_code == 200


async def test_an_upload_needs_its_form_and_a_director(console: RunningConsole) -> None:
    async with console.signed_in(DIRECTOR) as browser, console.signed_in(HIGH) as high:
        assert (await _upload(browser, _archive(), form="forged")).status_code == 403
        assert (await _upload(high, _archive())).status_code == 403
        other = await browser.post("/administration/groups", data={"form": "x" * (70 << 10)})
        assert other.status_code == 413  # only an upload may be large


async def test_an_import_by_the_api(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program, console.api_client(HIGH) as high:
        zipped = {"content-type": "application/zip"}
        assert (await high.post("/api/v1/roster/imports", content=_archive(), headers=zipped)).status_code == 403
        shown = await program.post("/api/v1/roster/imports", content=_archive(), headers=zipped)
        assert (shown.status_code, shown.json()["refused"]) == (201, "")
        done = await program.post(f"/api/v1/roster/imports/{shown.json()['id']}", json={})
        assert done.status_code == 200
        again = await program.post("/api/v1/roster/imports")
        assert again.json()["counts"] == {"added": 0, "removed": 0, "changed": 0}
        assert AccountRole.STAFF in (await program.get("/api/v1/roster")).json()["people"]
