"""Cases: opened, changed, assigned, closed; legal holds."""

from __future__ import annotations

from typing import Any

import httpx

from gateway.core.accounts.account import AccountRole, User
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.notices.notice import notice_content
from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HIGH, MIDDLE, OKAFOR, PASSWORD_HASH
from tests.console.running_console import RunningConsole, submit_form

CASES = "/api/v1/cases"


async def open_case(program: httpx.AsyncClient, console: RunningConsole, *names: str, **more: Any) -> dict[str, Any]:
    """Open a case about messages of the district."""
    body = {"title": "Secrecy", "messages": [console.id(name) for name in names], **more}
    answer = await program.post(CASES, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_life_of_a_case(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as high:
        case = await open_case(high, console, "high", severity="high", due_at=1.9e9)
        path = f"{CASES}/{case['id']}"
        assert (case["assignee"], case["severity"], case["messages"]) == (HIGH, "high", [console.id("high")])
        assert (await high.post(f"{path}/messages", json={"messages": [console.id("text")]})).status_code == 200
        assert (await high.post(f"{path}/messages", json={"messages": [console.id("text")]})).status_code == 409
        assert (await high.post(f"{path}/notes", json={"text": "spoke with the counselor"})).status_code == 200
        changed = await high.patch(path, json={"assignee": DIRECTOR, "due_at": 0})
        assert (changed.json()["assignee"], changed.json()["due_at"]) == (DIRECTOR, None)
        assert (await high.patch(path, json={"assignee": MIDDLE})).status_code == 422
        assert (await high.post(f"{path}/close", json={"outcome": "law_enforcement", "reason": ""})).status_code == 422
        closed = await high.post(f"{path}/close", json={"outcome": "law_enforcement", "reason": "report 12-345"})
        assert closed.json()["outcome"] == "law_enforcement"
        for method, where, body in (
            ("PATCH", "", {"title": "x"}), ("POST", "/messages", {"messages": [console.id("laid-out")]}),
        ):  # fmt: skip
            assert (await high.request(method, path + where, json=body)).status_code == 409
        assert (await high.post(f"{path}/notes", json={"text": "the court asked for it"})).status_code == 200
        whole = (await high.get(path)).json()
        assert [item["id"] for item in (await high.get(CASES)).json()["items"]] == []
        assert [item["id"] for item in (await high.get(CASES, params={"closed": True})).json()["items"]] == [case["id"]]
        assert (await high.post(f"{path}/reopen", json={"reason": "new facts"})).json()["outcome"] is None
    told = [(entry["act"], entry["actor"]) for entry in whole["timeline"] if entry["subject"] == f"case-{case['id']}"]
    assert told == [
        ("case opened", HIGH), ("case changed", HIGH), ("commented", HIGH), ("case changed", HIGH),
        ("case closed", HIGH), ("commented", HIGH),
    ]  # fmt: skip


async def given(console: RunningConsole) -> list[dict[str, object]]:
    """The pending notices about cases."""
    found = await console.store.followups.claim_due(100, 60)
    await console.store.followups.complete([item.id for item in found])
    return [dict(item.body) for item in found if item.kind is FollowupKind.CASE]


async def test_assignee_is_notified(console: RunningConsole) -> None:
    """Not for one's own case or other changes. The notice contains nothing of the case."""
    kim = User("kim@riverbend.example", AccountRole.BUILDING_ADMINISTRATOR, ("o-high",))
    await console.store.accounts.add(
        kim, PASSWORD_HASH, AuditEntry(console.clock(), "tests", "account added", kim.name)
    )
    async with console.api_client(HIGH) as high:
        mine = await open_case(high, console, "high")
        assert await given(console) == []
        theirs = await open_case(high, console, "high", assignee=kim.name, due_at=1.9e9)
        (told,) = await given(console)
        assert (told["to"], told["case"], told["due_at"]) == ([kim.name], theirs["id"], "2030-03-17T17:46:40.000Z")
        await high.patch(f"{CASES}/{theirs['id']}", json={"severity": "low"})
        assert await given(console) == []
        await high.patch(f"{CASES}/{mine['id']}", json={"assignee": kim.name})
        (told,) = await given(console)
        assert told["case"] == mine["id"]
        await high.patch(f"{CASES}/{mine['id']}", json={"assignee": OKAFOR})
        (told,) = await given(console)
        assert told["to"] == ["dana.okafor@riverbend.example"]
    letter = notice_content(
        Followup(FollowupKind.CASE, "case-1", told), [kim.name], sender="c@riverbend.example", console_url="https://c.example",
        hostname="g.example", district="Riverbend", time_zone="America/Chicago", name="n", at=console.clock(),
    ).decode()  # fmt: skip
    assert "Subject: Case 1 was assigned to you" in letter
    assert "https://c.example/cases/1" in letter
    assert "Secrecy" not in letter


async def test_assignee_must_see_the_messages(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as high:
        for assignee, names in ((MIDDLE, ["high"]), (OKAFOR, ["child"]), ("nobody", ["high"])):
            body = {"title": "x", "messages": [console.id(name) for name in names], "assignee": assignee}
            assert (await high.post(CASES, json=body)).status_code == 422, assignee
    assert await given(console) == []


async def test_case_list_has_pages(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as director:
        ids = [(await open_case(director, console, title=f"Case {item}"))["id"] for item in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            answer = await director.get(CASES, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            page = answer.json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
    assert seen == ids[::-1]


async def test_case_is_visible_only_with_all_its_messages(console: RunningConsole) -> None:
    """Not for another building, and not with a conflict of interest in one of its messages."""
    async with (
        console.api_client(DIRECTOR) as director, console.api_client(HIGH) as high,
        console.api_client(MIDDLE) as middle,
        console.api_client(OKAFOR) as teacher,
    ):  # fmt: skip
        case = await open_case(director, console, "high")
        path = f"{CASES}/{case['id']}"
        assert [(await item.get(path)).status_code for item in (high, middle, teacher)] == [200, 404, 200]
        await director.post(f"{path}/messages", json={"messages": [console.id("own")]})
        assert [(await item.get(path)).status_code for item in (high, middle, teacher)] == [200, 404, 404]
        assert (await teacher.get(CASES)).json()["items"] == []
        await director.post(f"{path}/messages", json={"messages": [console.id("middle")]})
        assert [(await item.get(path)).status_code for item in (high, middle, director)] == [404, 404, 200]
        assert (await high.get(f"/api/v1/messages/{console.id('high')}/review")).json()["cases"] == []
        assert (await teacher.post(CASES, json={"title": "x", "messages": [console.id("own")]})).status_code == 403
        assert (await middle.post(CASES, json={"title": "x", "messages": [console.id("high")]})).status_code == 404
        assert (await director.delete(f"{path}/messages/{console.id('middle')}")).status_code == 200
        assert (await director.delete(f"{path}/messages/{console.id('middle')}")).status_code == 409


async def test_legal_hold_is_lifted_by_directors_only(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as high, console.api_client(DIRECTOR) as director:
        case = await open_case(high, console, "high", "text")
        where = f"{CASES}/{case['id']}/legal-hold"
        assert (await high.post(where, json={"reason": ""})).status_code == 422
        placed = (await high.post(where, json={"reason": "suit 12"})).json()["messages"]
        assert set(placed) == {console.id("high"), console.id("text")}
        assert (await high.post(where, json={"reason": "suit 12"})).json()["messages"] == []
        assert (await high.post(f"{where}/lift", json={"reason": "x"})).status_code == 403
        one = f"/api/v1/messages/{console.id('high')}"
        assert (await high.get(f"{one}/review")).json()["legal_hold"] == "suit 12"
        assert (await director.post(f"{one}/legal-hold/lift", json={"reason": "over"})).status_code == 200
        assert (await high.get(f"{CASES}/{case['id']}")).json()["legal_holds"] == {console.id("text"): "suit 12"}


async def test_message_page_offers_open_cases(console: RunningConsole) -> None:
    """Only cases that the account may see and that do not contain the message."""
    async with console.api_client(HIGH) as high, console.signed_in(HIGH) as browser, console.signed_in(MIDDLE) as other:
        number = (await open_case(high, console, "high"))["id"]
        option = f'<option value="{number}">{number}: Secrecy</option>'
        assert option in (await browser.get(f"/messages/{console.id('text')}")).text
        assert option not in (await browser.get(f"/messages/{console.id('high')}")).text
        assert option not in (await other.get(f"/messages/{console.id('middle')}")).text
        sent = {"case": str(number), "message": console.id("text")}
        assert (await submit_form(browser, "/cases/add", **sent)).status_code == 303
        assert (await high.get(f"{CASES}/{number}")).json()["messages"] == [console.id("high"), console.id("text")]
