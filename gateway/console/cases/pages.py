"""Pages of cases: the list, one case with its timeline, the evidence pack, and legal holds."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.cases.responses import zip_response
from gateway.console.cases.service import MAX_ID, PAGE_SIZE
from gateway.console.web.deps import (
    CasesDep,
    ConfigDep,
    EvidenceDep,
    LegalHoldsDep,
    MessageId,
    NavigationDep,
    NowDep,
    NumberInPath,
    PagesDep,
    Sent,
    Signed,
    message_id,
    parse_number,
)
from gateway.console.web.errors import Problem
from gateway.console.web.forms import MESSAGE_ID, clean_text
from gateway.core.accounts.account import Right
from gateway.core.cases.case import OUTCOMES, SEVERITIES, CaseDraft

case_pages = APIRouter(include_in_schema=False)


@case_pages.get("/cases")
async def list_cases(request: Request, signed: Signed, cases: CasesDep, now: NowDep, pages: PagesDep) -> Response:
    """Open or closed cases."""
    closed = request.query_params.get("closed") == "yes"
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else MAX_ID
    found = await cases.page(signed.user, closed=closed, before=before)
    return pages.page(
        request, "cases.html", signed, cases=found, closed=closed, now=now, outcomes=OUTCOMES, severities=SEVERITIES,
        older=found[-1].id if len(found) == PAGE_SIZE else None, may_decide=signed.user.may(Right.DECIDE),
    )  # fmt: skip


@case_pages.post("/cases")
async def open_case(signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """A new case, with one message or none."""
    messages = [message_id(sent["message"])] if sent.get("message") else []
    draft = CaseDraft(clean_text(sent.get("title", ""), 200), sent.get("severity", "medium"), signed.user.name)
    return _to_case(await cases.open(signed.user, draft, messages))


@case_pages.post("/cases/add")
async def add_message(signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """Add a message to a case."""
    number, message = parse_number(sent.get("case", "").strip()), sent.get("message", "").strip()
    if not MESSAGE_ID.fullmatch(message):
        raise Problem(422, "Enter the id of the message: its page shows it under “Header, source and versions”.")
    await cases.add_messages(signed.user, number, [message])
    return _to_case(number)


@case_pages.get("/cases/{number}")
async def case_page(
    request: Request, number: NumberInPath, signed: Signed, cases: CasesDep, config: ConfigDep, now: NowDep,
    pages: PagesDep,
) -> Response:  # fmt: skip
    """One case: its messages, its timeline, and what can be done."""
    reading = await cases.read(signed.user, number)
    file, names = reading.file, reading.names
    messages = [
        (
            names.trace(trace),
            names.person(trace.sender),
            [names.person(recipient.address) for recipient in trace.recipients],
        )
        for trace in reading.traces
    ]
    return pages.page(
        request, "case.html", signed, file=file, timeline=list(map(names.audit_entry, reading.timeline)),
        holds=reading.holds, outcomes=OUTCOMES, severities=SEVERITIES, names=names,
        hides_names=cases.hides_names(signed.user), messages=messages,
        assignees=await cases.possible_assignees(file), now=now, may_decide=signed.user.may(Right.DECIDE),
        due_local="" if file.due_at is None else f"{datetime.fromtimestamp(file.due_at, config.zone):%Y-%m-%dT%H:%M}",
        may_lift=signed.user.sees_every_building,
    )  # fmt: skip


@case_pages.post("/cases/{number}")
async def change_case(
    number: NumberInPath, signed: Signed, sent: Sent, cases: CasesDep, config: ConfigDep
) -> Response:  # fmt: skip
    """Change title, severity, assignee and due time. A masked title that comes back unchanged stays as it was."""
    title = clean_text(sent.get("title", ""), 200)
    if "shown" in sent and title == clean_text(sent["shown"], 200):
        title = (await cases.case_to_change(signed.user, number)).title
    due_at = None
    if text := sent.get("due", "").strip():
        try:
            due_at = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=config.zone).timestamp()
        except (ValueError, OverflowError):
            raise Problem(422, "The due time is not valid: write it like 2026-11-30T15:00.") from None
    draft = CaseDraft(title, sent.get("severity", ""), sent.get("assignee", ""), due_at)
    await cases.change(signed.user, number, draft)
    return _to_case(number)


@case_pages.post("/cases/{number}/remove/{id}")
async def remove_message(number: NumberInPath, id: MessageId, signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """Remove a message from a case."""
    await cases.remove_message(signed.user, number, id)
    return _to_case(number)


@case_pages.post("/cases/{number}/names")
async def reveal_names(number: NumberInPath, signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """Reveal the names of a case, with a reason."""
    await cases.reveal_names(signed.user, number, clean_text(sent.get("reason", "")))
    return _to_case(number)


@case_pages.post("/cases/{number}/notes")
async def add_note(number: NumberInPath, signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """Add a note."""
    await cases.add_note(signed.user, number, clean_text(sent.get("text", ""), 4000))
    return _to_case(number)


@case_pages.post("/cases/{number}/close")
async def close_case(number: NumberInPath, signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """Close a case with an outcome."""
    outcome = sent.get("outcome", "")
    if not outcome:
        raise Problem(422, "Choose how the case ended.")
    await cases.close(signed.user, number, outcome, clean_text(sent.get("reason", "")))
    return _to_case(number)


@case_pages.post("/cases/{number}/reopen")
async def reopen_case(number: NumberInPath, signed: Signed, sent: Sent, cases: CasesDep) -> Response:
    """Open a closed case again."""
    await cases.reopen(signed.user, number, clean_text(sent.get("reason", "")))
    return _to_case(number)


@case_pages.post("/cases/{number}/legal-hold")
async def hold_case(
    number: NumberInPath, signed: Signed, sent: Sent, cases: CasesDep, legal_holds: LegalHoldsDep
) -> Response:  # fmt: skip
    """Put every message of a case under legal hold, or lift it."""
    file = await cases.case_to_change(signed.user, number)
    act = legal_holds.lift if sent.get("lift") == "yes" else legal_holds.place
    await act(signed.user, file.messages, clean_text(sent.get("reason", "")))
    return _to_case(number)


@case_pages.post("/messages/{id}/legal-hold")
async def hold_message(
    id: MessageId, signed: Signed, sent: Sent, legal_holds: LegalHoldsDep, navigation: NavigationDep
) -> Response:  # fmt: skip
    """Put one message under legal hold, or lift it."""
    act = legal_holds.lift if sent.get("lift") == "yes" else legal_holds.place
    await act(signed.user, [id], clean_text(sent.get("reason", "")))
    return await navigation.return_to_form(signed.user, id, sent)


@case_pages.post("/cases/{number}/evidence")
async def export_evidence(
    number: NumberInPath, signed: Signed, sent: Sent, evidence: EvidenceDep, pages: PagesDep
) -> Response:  # fmt: skip
    """The evidence pack, as a file."""
    return zip_response(*await evidence.export(signed.user, number, pages), number)


def _to_case(number: int) -> Response:
    return RedirectResponse(f"/cases/{number}", 303)
