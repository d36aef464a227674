"""Flagged messages as work: lists, answers, who may give them, and what they teach."""

from __future__ import annotations

import asyncio
import re

import pytest

from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.feedback import work_example
from gateway.ports.content import ReadHere, read_detail
from tests.console.district import AUDITOR, DIRECTOR, HIGH, MIDDLE, OKAFOR, SECURITY, SampleMessage
from tests.console.district import staff_address as staff
from tests.console.district import student_address as student
from tests.console.flags.shadow_messages import add_in_shadow_mode
from tests.console.running_console import RunningConsole, submit_form

FINE, VIOLATION = {"outcome": "fine"}, {"outcome": "violation", "reason": "seen it"}
BOTH_STORES = pytest.mark.parametrize("console", ["sqlite", "postgresql"], indirect=True)


def flagged(sender: str, to: str) -> SampleMessage:
    """A message that the policy flags."""
    return SampleMessage(sender, (to,), "Later", "Write to my home mail.\n", (("4", 0.9, "home mail"),))


@BOTH_STORES
async def test_first_answer_counts_and_the_second_is_told_who_was_first(console: RunningConsole) -> None:
    url = f"/api/v1/messages/{console.id('flag')}/acknowledge"
    async with console.api_client(HIGH) as high, console.api_client(DIRECTOR) as director:
        (row,) = (await high.get("/api/v1/flagged")).json()["items"]
        (held, *_) = (await high.get("/api/v1/held")).json()["items"]
        assert set(held) < set(row)
        assert (row["state"], row["kind"], row["clauses"], row["outcome"]) == ("open", "flag", ["4"], None)
        answers = await asyncio.gather(*(client.post(url, json=said) for client, said in (
            (high, FINE), (director, VIOLATION),
        )))  # fmt: skip
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        first = HIGH if answers[0].status_code == 200 else DIRECTOR
        refused = next(answer.json() for answer in answers if answer.status_code == 409)
        assert (refused["first"]["by"], f"{first} acknowledged" in refused["detail"]) == (first, True)
        assert (await high.get("/api/v1/flagged")).json()["items"] == []
        (closed,) = (await high.get("/api/v1/flagged", params={"acknowledged": "true"})).json()["items"]
        assert (closed["state"], closed["acknowledged_by"]) == ("acknowledged", first)
    acts = [entry.act for entry in await console.store.audit_trail.changes_about(console.id("flag"), 20)]
    assert acts.count("acknowledged") == 1


async def test_answers_that_nobody_may_give(console: RunningConsole) -> None:
    own = await console.add_message(flagged(staff("dana.okafor"), student("maya.lindqvist")))
    to_child = await console.add_message(flagged(staff("elena.ruiz"), student("ngozi.okafor")))
    unknown, flag = "0" * 26, console.id("flag")
    wanted = [
        (OKAFOR, own.id, FINE, 403), (OKAFOR, to_child.id, FINE, 403), (MIDDLE, flag, FINE, 404),
        (HIGH, unknown, FINE, 404), (HIGH, console.id("high"), FINE, 409), (HIGH, console.id("clean"), FINE, 409),
        (HIGH, flag, {}, 422), (HIGH, flag, {"outcome": "maybe"}, 422), (HIGH, flag, {**FINE, "more": 1}, 422),
        (SECURITY, flag, FINE, 403), (AUDITOR, flag, FINE, 403), (HIGH, flag, {**FINE, "reason": "x" * 2001}, 422),
    ]  # fmt: skip
    for who, id_, said, status in wanted:
        async with console.api_client(who) as client:
            answer = await client.post(f"/api/v1/messages/{id_}/acknowledge", json=said)
            assert (who, said, answer.status_code) == (who, said, status), answer.text
    async with console.api_client(HIGH, reads_only=True) as client:
        assert (await client.post(f"/api/v1/messages/{flag}/acknowledge", json=FINE)).status_code == 403
    async with console.api_client(OKAFOR) as client:
        listed = {row["id"] for row in (await client.get("/api/v1/flagged")).json()["items"]}
        assert listed == {flag}
    (item,) = await console.store.flags.of(flag)
    assert item.outcome is None


async def test_repeated_request_with_a_key_gets_the_same_answer(console: RunningConsole) -> None:
    url, key = f"/api/v1/messages/{console.id('flag')}/acknowledge", {"Idempotency-Key": "once"}
    async with console.api_client(HIGH) as high:
        first = await high.post(url, json=FINE, headers=key)
        again = await high.post(url, json=FINE, headers=key)
        assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
        assert (await high.post(url, json=FINE)).status_code == 409
        assert (await high.post(url, json=VIOLATION, headers=key)).status_code == 422


async def test_call_for_help_is_still_taken_up_without_an_outcome(console: RunningConsole) -> None:
    async with console.api_client(HIGH) as high:
        answer = await high.post(f"/api/v1/messages/{console.id('help')}/acknowledge")
        assert (answer.status_code, answer.json()["done"]) == (200, "taken up")


@BOTH_STORES
async def test_page_answers_moves_on_and_undoes(console: RunningConsole) -> None:
    second = await console.add_message(flagged(staff("elena.ruiz"), student("owen.dahl")))
    id_ = console.id("flag")
    async with console.signed_in(HIGH) as high, console.signed_in(MIDDLE) as middle:
        page = (await high.get("/flagged")).text
        assert (id_ in page, second.id in page, "Elena Ruiz" in page) == (True, True, True)
        assert id_ not in (await middle.get("/flagged")).text
        message = (await high.get(f"/messages/{id_}?list=flagged")).text
        assert 'data-key="f"' in message
        assert 'data-key="v"' in message
        sent = {"kind": "flag", "place": "?list=flagged", "outcome": "violation", "reason": "again"}
        answer = await submit_form(high, f"/messages/{id_}/outcome", **sent)
        assert answer.headers["location"].startswith("/flagged?")
        assert f"at={second.id}" in answer.headers["location"]
        done = re.sub(r"\s+", " ", (await high.get(answer.headers["location"])).text)
        assert "Marked as violation" in done
        assert f'formaction="/messages/{id_}/reopen"' in done
        assert "said by <strong>high</strong>" in (await high.get(f"/messages/{id_}")).text
        assert "again" in (await high.get("/flagged/acknowledged")).text
        refused = await submit_form(high, f"/messages/{id_}/outcome", **sent)
        assert (refused.status_code, "high acknowledged" in refused.text) == (409, True)
        assert (await submit_form(high, f"/messages/{id_}/reopen")).status_code == 303
        assert id_ in (await high.get("/flagged")).text


async def test_lists_have_the_filters_of_the_queue(console: RunningConsole) -> None:
    id_ = console.id("flag")
    async with console.api_client(DIRECTOR) as director:

        async def ids(**filters: str) -> list[str]:
            answer = await director.get("/api/v1/flagged", params=filters)
            assert answer.status_code == 200, answer.text
            return [row["id"] for row in answer.json()["items"]]

        for name, fits, other in (
            ("building", "o-high", "o-middle"), ("clause", "4", "7a"), ("channel", "mail", "sms"),
            ("direction", "staff_to_student", "student_to_staff"), ("person", "s-08", "s-06"),
            ("state", "free", "mine"), ("age", "today", "older"),
        ):  # fmt: skip
            assert await ids(**{name: fits}) == [id_], name
            assert await ids(**{name: other}) == [], name
        for words, found in (("elena quick", [id_]), ("cell", [id_]), ("nothing", [])):
            answer = await director.post("/api/v1/flagged/search", json={"text": words})
            assert [row["id"] for row in answer.json()["items"]] == found
        assigned = await director.post(f"/api/v1/messages/{id_}/assign", json={"to": DIRECTOR})
        assert assigned.status_code == 200
        assert await ids(state="mine") == [id_]
        (row,) = (await director.get("/api/v1/flagged")).json()["items"]
        assert row["taken_by"] == DIRECTOR
        await director.post(f"/api/v1/messages/{id_}/acknowledge", json=FINE)
        refused = await director.post(f"/api/v1/messages/{id_}/assign", json={"to": ""})
        assert refused.status_code == 409


async def test_pages_of_the_list_follow_each_other(console: RunningConsole) -> None:
    for number in range(5):
        await add_in_shadow_mode(console, "flag", f"Number {number}")
    async with console.api_client(HIGH) as high:
        whole = [row["id"] for row in (await high.get("/api/v1/flagged")).json()["items"]]
        found, cursor = [], None
        while True:
            params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await high.get("/api/v1/flagged", params=params)).json()
            found += [row["id"] for row in page["items"]]
            if (cursor := page["next"]) is None:
                break
        assert (found, len(whole)) == (whole, 6)
        assert (await high.get("/api/v1/flagged", params={"cursor": "nonsense"})).status_code == 422


async def test_near_duplicates_are_answered_together(console: RunningConsole) -> None:
    more = [await add_in_shadow_mode(console, "flag") for _ in range(3)]
    async with console.signed_in(HIGH) as high, console.api_client(HIGH) as program:
        assert "and 3 more like this" in (await high.get("/flagged")).text
        together = (await high.get(f"/flagged/together/{more[0].id}")).text
        assert together.count('type="checkbox"') == 4
        ids = [console.id("flag"), *(message.id for message in more[:2])]
        answer = await program.post("/api/v1/flagged/acknowledge", json={"ids": [*ids, "0" * 26], **VIOLATION})
        assert (answer.json()["done"], [row["id"] for row in answer.json()["left"]]) == (ids, ["0" * 26])
        assert [row["id"] for row in (await program.get("/api/v1/flagged")).json()["items"]] == [more[2].id]


async def test_sample_says_nothing_was_found_and_may_name_a_clause(console: RunningConsole) -> None:
    message = await add_in_shadow_mode(console, "clean")
    async with console.signed_in(HIGH) as high, console.api_client(HIGH) as program:
        assert message.id in (await high.get("/sampled")).text
        assert message.id not in (await high.get("/flagged")).text
        page = (await high.get(f"/messages/{message.id}?list=sampled")).text
        assert "nothing was found in it" in page
        sent = {"kind": "sample", "outcome": "violation"}
        unknown = await submit_form(high, f"/messages/{message.id}/outcome", **sent, clause="99")
        assert unknown.status_code == 422
        assert (await submit_form(high, f"/messages/{message.id}/outcome", **sent, clause="7b")).status_code == 303
        rates = (await program.get("/api/v1/flagged/rates")).json()["clean_violations"]
        assert (rates["part"], rates["whole"]) == (1, 1)
        assert rates["low"] < 1 == rates["high"]


async def test_answers_become_examples(console: RunningConsole) -> None:
    clean, flag = await add_in_shadow_mode(console, "clean"), console.id("flag")
    found = {id_: await console.store.lookups.detail(id_) for id_ in (clean.id, flag)}
    detail = {id_: await read_detail(ReadHere(), message) for id_, message in found.items()}
    fine = work_example(detail[flag], WorkKind.FLAG, ReviewOutcome.FINE)
    assert (fine["labels"], set(fine["known"]), fine["hold"]) == ([], {"4", "hold"}, False)
    bad = work_example(detail[flag], WorkKind.FLAG, ReviewOutcome.VIOLATION)
    assert (bad["labels"], bad["known"]) == (["4"], ["4"])
    missed = work_example(detail[clean.id], WorkKind.SAMPLE, ReviewOutcome.VIOLATION, ("7b",))
    assert (missed["labels"], missed["known"]) == (["7b"], ["7b"])
    assert work_example(detail[clean.id], WorkKind.SAMPLE, ReviewOutcome.VIOLATION) is None
    clear = work_example(detail[clean.id], WorkKind.SAMPLE, ReviewOutcome.FINE)
    assert {"7a", "6", "hold"} <= set(clear["known"])
    practiced = work_example(detail[flag], WorkKind.SHADOW, ReviewOutcome.VIOLATION, ("7a",))
    assert (practiced["hold"], practiced["known"]) == (True, ["7a", "hold"])
    assert len({row["id"] for row in (fine, clear, practiced)}) == 3
