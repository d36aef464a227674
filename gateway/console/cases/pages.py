"""Cases as pages: the list, one case with its course, its evidence pack; legal holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.console.cases import service as casework
from gateway.console.cases.evidence import pack
from gateway.console.cases.zip_stream import ZipStream
from gateway.console.queue.navigation import back_to, place_of
from gateway.console.service import Desk
from gateway.console.web.deps import Id, Sent, Signed, TheDesk, ThePages, known
from gateway.console.web.errors import Problem
from gateway.console.web.forms import MESSAGE_ID, clean_text
from gateway.core.accounts.account import Right
from gateway.core.cases.case import OUTCOMES, SEVERITIES, CaseDraft

case_pages = APIRouter(include_in_schema=False)


def case_number(number: str) -> int:
    """A number that a case can have."""
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise Problem(404, "There is no such case.")
    return int(number)


Number = Annotated[int, Depends(case_number)]


@case_pages.get("/cases")
async def cases(request: Request, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """Open cases, or closed ones."""
    closed = request.query_params.get("closed") == "yes"
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 1 << 62
    found = await casework.listed(desk, signed.user, closed=closed, before=before)
    return shown.page(
        request, "cases.html", signed, cases=found, closed=closed, now=await desk.store.now(), outcomes=OUTCOMES,
        severities=SEVERITIES, older=found[-1].id if len(found) == casework.PAGE else None,
        may_decide=signed.user.may(Right.DECIDE),
    )  # fmt: skip


@case_pages.post("/cases")
async def open_case(signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """A new case, about a message or about none yet."""
    messages = [known(sent["message"])] if sent.get("message") else []
    draft = CaseDraft(clean_text(sent.get("title", ""), 200), sent.get("severity", "medium"), signed.user.name)
    number = await casework.opened(desk, signed.user, draft, messages)
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/add")
async def add(signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Put a message into the case of a number."""
    number, message = case_number(sent.get("case", "").strip()), sent.get("message", "").strip()
    if not MESSAGE_ID.fullmatch(message):
        raise Problem(422, "Write the id of the message: its page shows it under “Header, source and versions”.")
    await casework.added(desk, signed.user, number, [message])
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.get("/cases/{number}")
async def case(request: Request, number: Number, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """One case: its messages, its course, what can be done."""
    found = await casework.reading(desk, signed.user, number)
    names = await casework.names_of(desk, signed.user, found)
    people = [
        each.name
        for each in await desk.store.users()
        if each.disabled_at is None and each.may(Right.DECIDE) and await desk.sees_case(each, found.file)
    ]
    return shown.page(
        request, "case.html", signed, file=found.file, timeline=list(map(names.audit_entry, found.timeline)),
        holds=found.holds, outcomes=OUTCOMES, severities=SEVERITIES, names=names, hides=desk.hides(signed.user),
        messages=[
            (names.trace(each), names.person(each.sender), [names.person(to.address) for to in each.recipients])
            for each in found.traces
        ],
        people=people, now=await desk.store.now(), may_decide=signed.user.may(Right.DECIDE),
        due_local=_local(desk, found.file.due_at), may_lift=signed.user.sees_every_building,
    )  # fmt: skip


def _local(desk: Desk, at: float | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at, desk.house.zone):%Y-%m-%dT%H:%M}"


@case_pages.post("/cases/{number}")
async def change(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Change title, severity, assignee, due time; a title that was shown without its names and left so stays."""
    title = clean_text(sent.get("title", ""), 200)
    if "shown" in sent and title == clean_text(sent["shown"], 200):
        title = (await casework.changing(desk, signed.user, number)).title
    due_at = None
    if text := sent.get("due", "").strip():
        try:
            due_at = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=desk.house.zone).timestamp()
        except (ValueError, OverflowError):
            raise Problem(422, "The due time is not one: write it like 2026-11-30T15:00.") from None
    draft = CaseDraft(title, sent.get("severity", ""), sent.get("assignee", ""), due_at)
    await casework.changed(desk, signed.user, number, draft)
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/{number}/remove/{id}")
async def remove(number: Number, id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Take a message out."""
    await casework.taken_out(desk, signed.user, number, id)
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/{number}/names")
async def open_names(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Open the names of a case, with a reason."""
    await casework.open_names(desk, signed.user, number, clean_text(sent.get("reason", "")))
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/{number}/notes")
async def add_note(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Note something."""
    await casework.noted(desk, signed.user, number, clean_text(sent.get("text", ""), 4000))
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/{number}/close")
async def close(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Close it with an outcome."""
    outcome = sent.get("outcome", "")
    if not outcome:
        raise Problem(422, "Choose how the case ended.")
    await casework.ended(desk, signed.user, number, outcome, clean_text(sent.get("reason", "")))
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/{number}/reopen")
async def reopen(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Open it again."""
    await casework.ended(desk, signed.user, number, "", clean_text(sent.get("reason", "")))
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/cases/{number}/legal-hold")
async def hold_case(number: Number, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Put every message of the case under legal hold, or lift it."""
    file = await casework.changing(desk, signed.user, number)
    act = casework.lift if sent.get("lift") == "yes" else casework.hold
    await act(desk, signed.user, file.messages, clean_text(sent.get("reason", "")))
    return RedirectResponse(f"/cases/{number}", 303)


@case_pages.post("/messages/{id}/legal-hold")
async def hold_message(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Put one message under legal hold, or lift it."""
    act = casework.lift if sent.get("lift") == "yes" else casework.hold
    await act(desk, signed.user, [id], clean_text(sent.get("reason", "")))
    link = await place_of(desk, signed.user, sent.get("place", ""))
    return RedirectResponse(back_to(link, id, sent.get("from", ""), told=True), 303)


@case_pages.post("/cases/{number}/evidence")
async def evidence(number: Number, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """The evidence pack, as a file."""
    return zip_answer(*await pack(desk, shown, signed.user, number), number)


def zip_answer(packing: ZipStream, digest: str, number: int) -> Response:
    """A pack as an answer, piece by piece; a header names the hash of its manifest."""
    headers = {
        "Content-Disposition": f'attachment; filename="case-{number}.zip"', "X-Manifest-SHA256": digest,
        "Content-Length": str(packing.size()),
    }  # fmt: skip
    return StreamingResponse(packing.pieces(), media_type="application/zip", headers=headers)
