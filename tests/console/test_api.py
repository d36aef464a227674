"""The API across features: pages of lists, errors, idempotency, and its OpenAPI description."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Message
from gateway.core.policy.policy import Policy
from tests.console.district import DIRECTOR, HELD, HIGH, MESSAGES
from tests.console.running_console import RunningConsole, form_secret, running_console

PROBLEM = "application/problem+json"
EXAMPLES = 12


async def _states(console: RunningConsole, name: str) -> set[State]:
    (trace,) = await console.store.lookups.trace(id=console.id(name))
    return {recipient.state for recipient in trace.recipients}


async def test_queue_has_pages(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        whole = (await program.get("/api/v1/held")).json()
        assert whole["next"] is None
        assert {row["id"] for row in whole["items"]} == {console.id(name) for name in HELD}
        pages, cursor = [], ""
        while cursor is not None:
            page = (
                await program.get("/api/v1/held", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            ).json()
            pages.append(len(page["items"]))
            cursor = page["next"]
            assert page["items"] == whole["items"][sum(pages[:-1]) : sum(pages)]
        assert pages == [2, 2, 2, 1]


async def test_cursor_survives_a_decision(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as program:
        first = (await program.get("/api/v1/held", params={"limit": 2})).json()
        rest = (await program.get("/api/v1/held", params={"cursor": first["next"]})).json()["items"]
        await program.post(f"/api/v1/messages/{first['items'][-1]['id']}/release", json={"reason": ""})
        assert (await program.get("/api/v1/held", params={"cursor": first["next"]})).json()["items"] == rest


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "WzEsMl0", "WyJhIiwiYiJd", "WzEsIngiLDNd", "e30", "é"])
async def test_invalid_cursor_is_refused(console: RunningConsole, cursor: str) -> None:
    async with console.api_client(DIRECTOR) as program:
        for path in ("held", "audit"):
            answer = await program.get(f"/api/v1/{path}", params={"cursor": cursor})
            assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), path


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/v1/nothing", {}, 404),
        ("GET", "/api/v1/messages/nothing", {}, 404),
        ("GET", "/api/v1/messages/%00%ff", {}, 404),
        ("DELETE", "/api/v1/held", {}, 405),
        ("POST", "/api/v1/messages/{high}/release", {"json": {"reason": {"a": 1}}}, 422),
        ("POST", "/api/v1/messages/{high}/release", {"json": {"reason": "x" * 2001}}, 422),
        ("POST", "/api/v1/messages/{high}/release", {"json": {"reason": "", "more": 1}}, 422),
        ("POST", "/api/v1/messages/{high}/release", {"json": []}, 422),
        ("POST", "/api/v1/messages/{high}/release", {"content": b"{"}, 422),
        ("POST", "/api/v1/messages/{high}/release", {"content": b"\xff"}, 422),
        ("GET", "/api/v1/held?limit=0", {}, 422),
        ("GET", "/api/v1/trace", {}, 422),
        ("GET", "/api/v1/trace?id=a&address=b", {}, 422),
    ],
)
async def test_errors_say_what_is_wrong(
    console: RunningConsole, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    async with console.api_client(DIRECTOR) as program:
        answer = await program.request(method, path.format(high=console.id("high")), **more)
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    said = answer.json()
    assert said["status"] == status
    assert {"type", "title", "detail"} <= set(said)
    assert await _states(console, "high") == {State.HELD}


async def test_first_of_concurrent_decisions_wins(console: RunningConsole) -> None:
    async with console.api_client(DIRECTOR) as one, console.api_client(HIGH) as other:
        answers = await asyncio.gather(
            *(
                item.post(f"/api/v1/messages/{console.id('high')}/{deed}", json={"reason": ""})
                for item, deed in [(one, "release"), (other, "reject")] * 4
            )
        )
    assert sorted(item.status_code for item in answers) == [200] + [409] * 7
    first = [item.json()["first"] for item in answers if item.status_code == 409]
    assert {item["by"] for item in first} <= {DIRECTOR, HIGH}
    assert len({item["by"] for item in first}) == 1
    assert (
        len(
            [
                act
                for act in await console.store.audit_trail.entries_about(console.id("high"), 20)
                if act.act in ("released", "rejected")
            ]
        )
        == 1
    )


async def test_decision_with_idempotency_key_happens_once(console: RunningConsole) -> None:
    path, key = f"/api/v1/messages/{console.id('high')}/release", {"Idempotency-Key": "one"}
    async with console.api_client(DIRECTOR) as program:
        answers = [await program.post(path, json={"reason": "ok"}, headers=key) for _ in range(3)]
        assert [(item.status_code, item.json()) for item in answers] == [(200, answers[0].json())] * 3
        assert (await program.post(path, json={"reason": "other"}, headers=key)).status_code == 422
        assert (await program.post(path, json={"reason": "ok"})).status_code == 409
        unknown = [
            await program.post("/api/v1/messages/0/reject", json={"reason": ""}, headers={"Idempotency-Key": "two"})
        ] * 2
        assert [item.status_code for item in unknown] == [404, 404]
    async with console.api_client(HIGH) as other:  # keys belong to an account
        assert (await other.post(path, json={"reason": "ok"}, headers=key)).status_code == 409


async def test_api_undoes_a_decision_of_a_page(console: RunningConsole) -> None:
    """While nothing was delivered. A decision of a program takes effect at once."""
    id_ = console.id("high")
    path = f"/api/v1/messages/{id_}"
    async with (
        console.api_client(HIGH) as program,
        console.signed_in(HIGH) as browser,
        console.api_client(DIRECTOR) as other,
    ):
        form = form_secret(await browser.get("/trace"))
        await browser.post(f"/messages/{id_}/reject", data={"form": form, "reason": "x"})
        assert (await other.post(f"{path}/undo")).status_code == 409  # a decision of another account
        key = {"Idempotency-Key": "undo"}
        back = await program.post(f"{path}/undo", headers=key)
        assert (back.status_code, back.json()["recipients"]) == (200, list(MESSAGES["high"].to))
        assert (await program.post(f"{path}/undo", headers=key)).json() == back.json()
        assert (await program.post(f"{path}/undo")).status_code == 409
        assert (await program.post(f"{path}/release", json={"reason": ""})).status_code == 200
        assert id_ in await console.deliver()
        late = await program.post(f"{path}/undo")
        assert (late.status_code, late.headers["content-type"]) == (409, "application/problem+json")


async def test_api_says_what_a_decision_requires(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as program:
        told = (await program.get(f"/api/v1/messages/{console.id('high')}/review")).json()
    assert told["needs"]["discard"] == {"reason": True, "second_person": False, "clauses": []}
    assert told["needs"]["release"] == {"reason": False, "second_person": False, "clauses": []}
    assert "clause 7a: Sexual, flirtatious or grooming" in told["usual_words"]
    end = datetime.fromisoformat(told["put_off_until"]).timestamp()
    assert abs(end - console.messages["high"].received_at - 14 * 86400) < 1


DEEDS: dict[str, dict[str, object]] = {
    "messages/{high}/hold": {"for": "1d", "reason": "x"},
    "messages/{high}/assign": {"to": HIGH},
    "messages/{high}/comments": {"text": "once"},
    "messages/{help}/acknowledge": {},
    "messages/{help}/give-back": {},
    "messages/{high}/legal-hold": {"reason": "suit 12"},
    "messages/{high}/names": {"reason": "x"},
    "cases": {"title": "Secrecy"},
    "cases/1/messages": {"messages": ["{high}"]},
    "PATCH cases/1": {"title": "Secrecy again"},
    "DELETE cases/1/messages/{high}": {},
    "cases/1/notes": {"text": "once"},
    "cases/1/close": {"outcome": "unfounded", "reason": "x"},
    "cases/1/reopen": {"reason": "x"},
}


async def test_every_change_with_idempotency_key_happens_once(console: RunningConsole) -> None:
    """The second request gets the first answer, and the audit log has one entry more."""
    ids = {name: console.id(name) for name in ("high", "help")}
    async with console.api_client(HIGH) as program:
        for deed, body in DEEDS.items():
            sent = json.loads(json.dumps(body).replace("{high}", ids["high"]))
            method, _, at = deed.format(**ids).rpartition(" ")
            headers = {"Idempotency-Key": deed}
            first = program.build_request(method or "POST", f"/api/v1/{at}", headers=headers, json=sent)
            other = program.build_request(
                method or "POST", f"/api/v1/{at}", headers=headers, json={**sent, "reason": "o"}
            )
            about = {*ids.values(), "case-1"}
            counts = []
            for _ in range(3):
                answer = await program.send(first)
                assert answer.status_code in (200, 201), (deed, answer.text)
                done = [await console.store.audit_trail.changes_about(subject, 500) for subject in about]
                counts.append((sum(map(len, done)), answer.text))
            assert len(set(counts)) == 1, deed
            if sent:
                assert (await program.send(other)).status_code == 422, deed
        described = (await program.get("/api/openapi.json")).json()["paths"]
    writing = {
        (method, path): "Idempotency-Key" in str(asked.get("parameters"))
        for path, methods in described.items()
        for method, asked in methods.items()
        if method != "get" and not path.startswith(("/api/v1/me/", "/api/v1/tokens"))
    }
    # own account: repeating is harmless, or the answer is a secret that must not be stored
    once_or_ever = {("put", "/api/v1/views/{name}"), ("delete", "/api/v1/views/{name}")}  # repeating is harmless
    changes_nothing = {("post", "/api/v1/trace"), ("post", "/api/v1/held/search")}
    changes_nothing |= {("post", f"/api/v1/{path}") for path in ("flagged/search", "people/search", "policies/check")}
    answers_with_a_secret = {("post", "/api/v1/accounts"), ("post", "/api/v1/accounts/{name}/password")}
    changes_nothing |= {("post", "/api/v1/roster/imports"), *answers_with_a_secret}
    assert {item for item, keyed in writing.items() if not keyed} == once_or_ever | changes_nothing


async def test_api_conforms_to_its_description(console: RunningConsole) -> None:
    """Generated requests: no answer is a server error, and each matches the description."""
    token = await console.token(DIRECTOR)
    schema = await asyncio.to_thread(schemathesis.openapi.from_url, f"{console.url}/api/openapi.json")
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    tried: dict[str, int] = {}

    def attack(operation: Any) -> None:
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def one(case: Any) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
            if "{id}" in operation.path and tried.get(operation.label, 0) % 2:
                case.path_parameters["id"] = console.id(HELD[tried[operation.label] % len(HELD)])
            answer = case.call()
            tried[operation.label] = tried.get(operation.label, 0) + 1
            case.validate_response(answer, checks=checks)

        one()

    for result in schema.get_all_operations():
        await asyncio.to_thread(attack, result.ok())
    described = (await asyncio.to_thread(lambda: schema.raw_schema))["paths"]
    assert len(tried) == sum(len(methods) for methods in described.values())
    assert min(tried.values()) >= 1


async def test_internal_error_is_a_problem(
    sqlite_district: tuple[Path, Mapping[str, Message]], tmp_path: Path
) -> None:  # fmt: skip
    """A bug, here a policy that cannot be read, is answered like any problem, without details."""

    def broken() -> Policy:
        raise LookupError("private words")

    url = f"sqlite:///{shutil.copy(sqlite_district[0], tmp_path)}"
    async with running_console(url, sqlite_district[1], in_force=broken) as console:
        async with console.api_client(DIRECTOR) as program:
            answer = await program.get(f"/api/v1/messages/{console.id('high')}/review")
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert answer.json()["title"] == "Internal error"
        assert answer.headers["x-content-type-options"] == "nosniff"
        async with console.signed_in(DIRECTOR) as browser:
            page = await browser.get(f"/messages/{console.id('high')}")
        assert page.status_code == 500
        assert "Internal error" in page.text
        assert "private words" not in page.text + answer.text
