"""The API of people and pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Query

from gateway.console.people import schemas
from gateway.console.people.service import DAYS, MAX_DAYS, OtherSide
from gateway.console.web.api_deps import Reader, api_router, problems
from gateway.console.web.deps import PeopleDep
from gateway.console.web.forms import clean_text
from gateway.core.contact.person import RaisedMessage
from gateway.core.contact.report import report_row
from gateway.core.serialization.json_fields import rfc3339

people_api = api_router()
Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="The period in days, up to now")]
PersonId = Annotated[str, Path(max_length=300, description="The sourcedId of a person")]


def _raised(messages: Iterable[RaisedMessage]) -> list[dict[str, object]]:
    return [
        {
            "message": it.id, "at": rfc3339(it.at), "by_staff": it.by_staff, "channel": it.channel,
            "action": it.action, "clauses": list(it.clauses),
        }
        for it in messages
    ]  # fmt: skip


@people_api.post(
    "/people/search", response_model=schemas.PeopleFound, responses=problems(400, 413), summary="Look for a person"
)
async def search(people: PeopleDep, user: Reader, body: schemas.PeopleSearch) -> dict[str, object]:
    """Staff and students of your buildings, at most 50. The search is on record, but not what was asked."""
    found = await people.search(user, clean_text(body.text, 320))
    return {"items": list(map(asdict, found)), "next": None}


@people_api.get(
    "/people/{id}", response_model=schemas.PersonRow, responses=problems(404),
    summary="A person's contact: with which people, how much, when, on which accounts, with which findings",
)  # fmt: skip
async def person(
    people: PeopleDep, user: Reader, id: PersonId, days: Days = DAYS,
    as_staff: Annotated[bool | None, Query(description="For somebody who is both staff and a student")] = None,
) -> dict[str, object]:  # fmt: skip
    """Of people of your buildings. The view is on record."""
    found = await people.person(user, id, days, as_staff=as_staff)
    return {
        "person": asdict(found.person), "as_staff": found.as_staff, "days": days,
        "pairs": [
            {
                "person": asdict(other), "messages": pair.counts.messages, "by_staff": pair.counts.by_staff,
                "one_to_one": pair.counts.alone, "outside": pair.counts.outside, "night": pair.counts.night,
                "off_hours": pair.counts.off_hours, "class_mail": pair.class_mail, "exchanges": pair.exchanges,
                "begun_by_staff": pair.begun_by_staff, "last_at": rfc3339(pair.last_at), "findings": pair.found,
                "raised": pair.raised,
            }
            for other, pair in found.pairs
        ],
        "by_week": list(map(asdict, found.weeks)), "by_hour": list(map(asdict, found.hours)),
        "findings": [_finding(other, *told) for other, told in found.findings],
        "raised": _raised(found.contact.raised), "addresses": list(found.addresses),
        "accounts": [
            {
                "address": address, "status": status, "basis": basis, "confidence": confidence, "messages": messages,
                "last_at": rfc3339(last_at),
            }
            for address, status, basis, confidence, messages, last_at in found.contact.accounts
        ],
    }  # fmt: skip


def _finding(other: OtherSide, at: float, clause: str, text: str, flags: bool, message: str) -> dict[str, object]:
    return {
        "at": rfc3339(at), "clause": clause, "text": text, "flags": flags, "message": message, "person": asdict(other),
    }  # fmt: skip


@people_api.get(
    "/people/{id}/with/{other}", response_model=schemas.PairRow, responses=problems(404),
    summary="The contact of a staff member and a student, in any order",
)  # fmt: skip
async def pair(people: PeopleDep, user: Reader, id: PersonId, other: PersonId, days: Days = DAYS) -> dict[str, object]:
    """Of pairs of your buildings. The view is on record."""
    found = await people.pair(user, id, other, days)
    return {
        "staff": asdict(found.staff), "student": asdict(found.student), "days": days,
        "contact": report_row(found.report), "raised": _raised(found.raised),
    }  # fmt: skip
