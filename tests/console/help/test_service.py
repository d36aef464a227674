"""Help alerts: who was alerted, who took one up, who gave it back; history stays visible."""

from __future__ import annotations

import re

from gateway.core.policy.decision import AuditEntry
from tests.console.district import DIRECTOR, HIGH, MIDDLE, OKAFOR
from tests.console.running_console import RunningConsole, submit_form


async def test_list_says_who_was_alerted_and_who_took_it_up(console: RunningConsole) -> None:
    id_ = console.id("help")
    await console.store.audit.record(
        [AuditEntry(console.clock(), "gateway", "alerted", id_, {"to": ["safety@riverbend.example"]})]
    )
    async with (
        console.signed_in(HIGH) as high,
        console.api_client(DIRECTOR) as director,
        console.signed_in(MIDDLE) as middle,
    ):
        page = (await high.get("/help")).text
        assert "1 not taken up" in page
        assert "safety@riverbend.example" in page
        assert "Tess Vandermeer" in page
        assert "1 person alerted" in (await high.get("/")).text
        assert id_ not in (await middle.get("/help")).text
        assert (await director.post(f"/api/v1/messages/{id_}/acknowledge")).status_code == 200
        (call,) = (await director.get("/api/v1/help")).json()["items"]
        assert (call["id"], call["taken_by"], call["alerted"]) == (id_, DIRECTOR, ["safety@riverbend.example"])
        assert "Taken up by director" in (await high.get("/help")).text
        assert "Taken up by <strong>director</strong>" in (await high.get(f"/messages/{id_}")).text


async def test_alert_is_given_back_by_its_holder_or_a_director(console: RunningConsole) -> None:
    id_ = console.id("help")
    async with (
        console.signed_in(HIGH) as high,
        console.api_client(DIRECTOR) as director,
        console.api_client(OKAFOR) as other,
    ):
        assert (await submit_form(high, f"/messages/{id_}/give-back")).status_code == 409  # nobody has taken it up
        assert (await submit_form(high, f"/messages/{id_}/acknowledge")).status_code == 303
        second = await other.post(f"/api/v1/messages/{id_}/acknowledge")
        assert (second.status_code, "high took this call for help up first" in second.text) == (409, True)
        assert (await other.post(f"/api/v1/messages/{id_}/give-back")).status_code == 403
        assert "Give it back" in (await high.get("/help")).text
        assert (await submit_form(high, f"/messages/{id_}/give-back")).status_code == 303
        assert "1 not taken up" in (await high.get("/help")).text
        page = (await high.get(f"/messages/{id_}")).text
        assert "I take this up" in page
        assert "Call for help given back by high" in re.sub(r"\s+", " ", page)
        assert (await submit_form(high, f"/messages/{id_}/acknowledge")).status_code == 303
        assert (await director.post(f"/api/v1/messages/{id_}/give-back")).status_code == 200
        (call,) = (await director.get("/api/v1/help")).json()["items"]
        assert (call["taken_by"], call["taken_at"], call["alerts"]) == ("", None, [])


async def test_waiting_alert_stays_on_the_queue_and_in_the_list(console: RunningConsole) -> None:
    console.clock.ahead += 100 * 86400
    async with console.signed_in(HIGH) as high:
        assert "I take this up" in (await high.get("/")).text
        assert "1 not taken up" in (await high.get("/help")).text


async def test_history_stays_visible_after_many_views(console: RunningConsole) -> None:
    """Including revealed names and the undo line."""
    id_, help_ = console.id("high"), console.id("help")
    async with console.signed_in(HIGH) as high, console.api_client(DIRECTOR) as director:
        await submit_form(high, f"/messages/{id_}/comments", text="The parents were called")
        await submit_form(high, f"/messages/{help_}/acknowledge")
        views = [
            AuditEntry(console.clock(), DIRECTOR, "viewed", item, {"what": "x"})
            for item in (id_, help_)
            for _ in range(600)
        ]
        await console.store.audit.record(views)
        page = (await high.get(f"/messages/{id_}")).text
        assert "The parents were called" in page
        assert "Who read it" in page
        assert "Taken up by <strong>high</strong>" in (await high.get(f"/messages/{help_}")).text
        whole = (await director.get(f"/api/v1/messages/{id_}/history")).json()["items"]
        assert [item["detail"]["text"] for item in whole if item["act"] == "commented"] == ["The parents were called"]
        done = await submit_form(high, f"/messages/{id_}/release")
        await console.store.audit.record(views[:1])
        assert "Released. It takes effect" in (await high.get(done.headers["location"])).text
