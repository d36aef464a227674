"""The API of administration: the index, contacts, groups, and importing a roster."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import JSONResponse

from gateway.console.administration import schemas
from gateway.console.administration.roster import RosterChange, WaitingImport
from gateway.console.web.api_deps import CHANGE_PROBLEMS, ActionDep, Decider, Reader, api_router, problems
from gateway.console.web.deps import AdministrationDep, RosterDep
from gateway.console.web.errors import Problem
from gateway.core.serialization.json_fields import rfc3339

administration_api = api_router()
ImportId = Annotated[str, Path(max_length=64)]


@administration_api.get(
    "/administration", response_model=schemas.PlaceList, summary="What there is to administer, and what waits"
)
async def places(administration: AdministrationDep, user: Reader) -> dict[str, object]:
    rows = [
        {"key": place.key, "title": place.title, "path": place.path, "waits": place.waits, "what": place.what}
        for place in await administration.places(user)
    ]
    return {"items": rows, "next": None}


@administration_api.get(
    "/contacts", response_model=schemas.ContactList, responses=problems(404),
    summary="The records of the district's contacts",
)  # fmt: skip
async def contacts(roster: RosterDep, user: Reader) -> dict[str, object]:
    """Those of people of your buildings."""
    rows = [
        {"person": row.contact.person, "kind": row.contact.kind, "value": row.contact.value, "known": bool(row.person)}
        for row in await roster.contacts(user)
    ]
    return {"items": rows, "next": None}


@administration_api.get(
    "/groups", response_model=schemas.GroupList, responses=problems(404),
    summary="Group addresses and unknown members",
)  # fmt: skip
async def groups(roster: RosterDep, user: Reader) -> dict[str, object]:
    rows = [
        {"address": group.address, "members": len(group.members), "unknown": list(group.unknown)}
        for group in await roster.groups(user)
    ]
    return {"items": rows, "next": None}


@administration_api.get(
    "/roster", response_model=schemas.RosterRow, responses=problems(404), summary="The roster in use"
)  # fmt: skip
async def roster_status(roster: RosterDep, user: Reader) -> dict[str, object]:
    status = await roster.status(user)
    return {
        "source": status.source, "people": {role.value: count for role, count in status.people.items()},
        "changed_at": rfc3339(status.changed_at), "warnings": list(status.warnings), "max_removal": status.max_removal,
    }  # fmt: skip


@administration_api.post(
    "/roster/imports", status_code=201, response_model=schemas.RosterDifferenceRow, responses=CHANGE_PROBLEMS,
    summary="Upload a zip of OneRoster files, and see what it would change",
    openapi_extra={
        "requestBody": {
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The zip; an empty body reads the configured files again", "required": False,
        }
    },
)  # fmt: skip
async def preview(request: Request, roster: RosterDep, user: Decider) -> dict[str, object]:
    """Nothing is imported yet. The upload waits for an hour, in this process."""
    await roster.require_import(user)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind not in ("application/zip", "application/octet-stream"):
        raise Problem(422, "Send the zip itself, with Content-Type: application/zip.")
    return _waiting(await roster.preview(user, body or None))


@administration_api.post(
    "/roster/imports/{id}", response_model=schemas.RosterDifferenceRow, responses=CHANGE_PROBLEMS,
    summary="Import what was shown",
)  # fmt: skip
async def apply(roster: RosterDep, action: ActionDep, id: ImportId, body: schemas.ImportConfirmation) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _difference(id, "", await roster.apply(action.user, id, confirmed=body.confirm))

    return await action.run(["roster import", id, body.confirm], act)


def _waiting(waiting: WaitingImport) -> dict[str, object]:
    return _difference(waiting.id, waiting.name, waiting.change)


def _difference(id_: str, name: str, change: RosterChange) -> dict[str, object]:
    return {
        "id": id_, "name": name, "added": _people(change.added), "removed": _people(change.removed),
        "changed": _people(change.changed), "counts": dict(change.counts), "before": change.before,
        "after": change.after, "warnings": list(change.warnings), "refused": change.refused,
    }  # fmt: skip


def _people(people: object) -> dict[str, list[str]]:
    assert isinstance(people, dict), "it was read from JSON"
    return {str(id_): list(roles) for id_, roles in people.items()}
