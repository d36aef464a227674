"""The register on its page and in the API: requests, approval, what each role sees, and use."""

from __future__ import annotations

from gateway.core.policy.decision import Transition
from gateway.core.tools.register import ToolState
from tests.console.district import DIRECTOR, HIGH, LINDGREN, MIDDLE
from tests.console.running_console import RunningConsole, submit_form

TOOLS = "/api/v1/tools"


async def test_staff_ask_and_a_director_registers(console: RunningConsole) -> None:
    async with console.signed_in(LINDGREN) as staff, console.signed_in(DIRECTOR) as director:
        assert "Ask for a tool" in (await staff.get("/tools")).text
        sent = {"domain": "quiz.example.org", "name": "Quizzer", "building": "o-high"}
        assert (await submit_form(staff, "/tools", **sent)).status_code == 303
        assert (await submit_form(staff, "/tools", **sent)).status_code == 409
        assert "quiz.example.org" in (await staff.get("/tools")).text
        page = (await director.get("/tools")).text
        assert "Requested" in page
        assert LINDGREN in page
        approved = {"domain": "quiz.example.org", "administrator_access": "R. C.", "until": "2099-06-30"}
        assert (await submit_form(director, "/tools", **approved)).status_code == 303
    tool = await console.store.tools.find("quiz.example.org")
    assert tool is not None
    assert (tool.state, tool.name, tool.requested_by, tool.building) == (
        ToolState.REGISTERED, "Quizzer", LINDGREN, "o-high",
    )  # fmt: skip
    entries = await console.store.audit_trail.changes_about("quiz.example.org", 9)
    assert [(entry.act, entry.actor) for entry in entries] == [
        ("tool registered", DIRECTOR), ("tool requested", LINDGREN),
    ]  # fmt: skip


async def test_each_building_sees_its_own_and_the_district_s(console: RunningConsole) -> None:
    async with (
        console.api_client(DIRECTOR) as director,
        console.api_client(HIGH) as high,
        console.api_client(MIDDLE) as middle,
    ):
        for domain, building in (
            ("high.example.org", "o-high"),
            ("all.example.org", ""),
            ("mid.example.org", "o-middle"),
        ):
            body = {"domain": domain, "building": building, "administrator_access": "R"}
            assert (await director.post(TOOLS, json=body)).status_code == 201
        for client, expected in (
            (director, ["all.example.org", "high.example.org", "mid.example.org"]),
            (high, ["all.example.org", "high.example.org"]), (middle, ["all.example.org", "mid.example.org"]),
        ):  # fmt: skip
            assert [row["domain"] for row in (await client.get(TOOLS)).json()["items"]] == expected
        first = (await director.get(TOOLS, params={"limit": 2})).json()
        rest = (await director.get(TOOLS, params={"limit": 2, "cursor": first["next"]})).json()
        assert [row["domain"] for row in rest["items"]] == ["mid.example.org"]
        assert rest["next"] is None
        elsewhere = {"domain": "new.example.org", "building": "o-middle"}
        assert (await high.post(TOOLS, json=elsewhere)).status_code == 422
        asked = await high.post(TOOLS, json={"domain": "new.example.org", "administrator_access": "me"})
        assert asked.status_code == 201
        assert (asked.json()["state"], asked.json()["building"], asked.json()["administrator_access"]) == (
            "requested", "o-high", "",
        )  # fmt: skip
        assert (await high.delete(f"{TOOLS}/high.example.org")).status_code == 403
        assert (await director.delete(f"{TOOLS}/high.example.org")).json()["state"] == "removed"
        assert (await director.delete(f"{TOOLS}/high.example.org")).status_code == 404
        assert (await director.post(TOOLS, json={"domain": "no domain"})).status_code == 422
        assert (await director.post(TOOLS, json={"domain": "a.example.org", "until": "soon"})).status_code == 422


async def test_director_sees_what_is_in_use(console: RunningConsole) -> None:
    ids = [console.id("high"), console.id("middle")]
    for id_ in ids:
        await console.store.dispositions.apply([(id_, lambda _: Transition(tools=("kahoot.com", "brightwhiz")))])
    async with console.api_client(DIRECTOR) as director, console.signed_in(DIRECTOR) as browser:
        items = (await director.get(f"{TOOLS}/used")).json()["items"]
        assert [(row["domain"], row["name"], row["messages"], row["pairs"]) for row in items] == [
            ("", "Brightwhiz", 2, 2), ("kahoot.com", "Kahoot", 2, 2),
        ]  # fmt: skip
        assert "kahoot.com" in (await browser.get("/tools")).text
        body = {"domain": "kahoot.com", "administrator_access": "R"}
        await director.post(TOOLS, json=body)
        assert [row["name"] for row in (await director.get(f"{TOOLS}/used")).json()["items"]] == ["Brightwhiz"]
