"""The API of records requests."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import JSONResponse, Response, StreamingResponse

from gateway.console.records import schemas
from gateway.console.records.service import RecordsRequest
from gateway.console.web.api_deps import ActionDep, Reader, api_router, problems
from gateway.console.web.deps import RecordsDep
from gateway.console.web.forms import clean_text
from gateway.core.serialization.json_fields import rfc3339

records_api = api_router()
ExportId = Annotated[str, Path(max_length=64, description="The id of an export")]


def request_row(request: RecordsRequest) -> dict[str, object]:
    """One export as JSON."""
    finished = request.finished
    return {
        "id": request.id, "person": request.person, "redact": request.redact, "by": request.by,
        "at": rfc3339(request.at), "state": request.state, "done": request.done, "total": request.total,
        "left_out": None if finished is None else finished.left_out,
        "manifest": None if finished is None else finished.manifest,
        "expires_at": None if request.expires_at is None else rfc3339(request.expires_at),
    }  # fmt: skip


@records_api.get("/records", response_model=schemas.RecordsRequestList, summary="Exports of somebody's records")
async def list_requests(records: RecordsDep, user: Reader) -> dict[str, object]:
    """Technology directors only."""
    return {"items": [request_row(request) for request in await records.requests(user)], "next": None}


@records_api.post(
    "/records", status_code=201, response_model=schemas.RecordsRequestRow, responses=problems(400, 409, 413),
    summary="Export what is kept about a person",
)  # fmt: skip
async def start_request(records: RecordsDep, action: ActionDep, body: schemas.NewRecordsRequest) -> JSONResponse:
    """It runs in the background. Technology directors only."""

    async def act() -> dict[str, object]:
        return request_row(await records.start(action.user, clean_text(body.person, 320), redact=body.redact))

    return await action.run(["records", body.model_dump()], act, 201)


@records_api.get(
    "/records/{id}", response_model=schemas.RecordsRequestRow, responses=problems(404), summary="How far an export is"
)
async def one_request(records: RecordsDep, user: Reader, id: ExportId) -> dict[str, object]:
    """Technology directors only."""
    return request_row(await records.request(user, id))


@records_api.get(
    "/records/{id}/file", response_class=Response, summary="The zip file of an export",
    responses={200: {"content": {"application/zip": {}}, "description": "A zip file"}, **problems(404, 409)},
)  # fmt: skip
async def download(records: RecordsDep, user: Reader, id: ExportId) -> Response:
    """Each download is in the audit log. Technology directors only."""
    return file_response(*await records.download(user, id))


def file_response(request: RecordsRequest, size: int, pieces: object) -> Response:
    """A file in pieces. Its name says nothing about the person."""
    name = "records-redacted.zip" if request.redact else "records.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size),
        "Cache-Control": "no-store",
    }  # fmt: skip
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)  # type: ignore[arg-type]
