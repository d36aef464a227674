"""Help alerts as a page, with the forms to take one up, give it back, or say whether it was right."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.web.deps import (
    FlashDep,
    HelpDep,
    MessageId,
    NavigationDep,
    NowDep,
    PagesDep,
    PolicyDep,
    Sent,
    Signed,
    UrgencyDep,
)
from gateway.console.web.errors import Problem

help_pages = APIRouter(include_in_schema=False)

_DAYS = 90


@help_pages.get("/help")
async def help_list(
    request: Request, signed: Signed, pages: PagesDep, help_: HelpDep, flash: FlashDep, policy: PolicyDep, now: NowDep,
    urgency: UrgencyDep,
) -> Response:  # fmt: skip
    """Every call for help: who was alerted and when, who has taken it up."""
    alerts = await help_.alerts(signed.user, days=_DAYS)
    return pages.page(
        request, "help.html", signed, alerts=alerts, now=now, days=_DAYS, policy=policy.current,
        waiting=sum(not alert.message.taken_by for alert in alerts), link="",
        distress=await urgency.distress(signed.user, days=_DAYS),
        flash=await flash.of(signed.user, request.query_params.get("done", "")),
    )  # fmt: skip


@help_pages.post("/messages/{id}/acknowledge")
async def acknowledge(id: MessageId, signed: Signed, sent: Sent, help_: HelpDep, navigation: NavigationDep) -> Response:
    """Take a call for help up."""
    await help_.take_up(signed.user, id)
    return await navigation.return_to_form(signed.user, id, sent)


@help_pages.post("/messages/{id}/give-back")
async def give_back(id: MessageId, signed: Signed, sent: Sent, help_: HelpDep, navigation: NavigationDep) -> Response:
    """Give a call for help back, so that people are alerted again."""
    await help_.give_back(signed.user, id)
    return await navigation.return_to_form(signed.user, id, sent)


@help_pages.post("/messages/{id}/call")
async def judge(id: MessageId, signed: Signed, sent: Sent, help_: HelpDep, navigation: NavigationDep) -> Response:
    """Say whether the message was a call for help."""
    if sent.get("was") not in ("right", "wrong"):
        raise Problem(422, "Choose whether it was a call for help or not.")
    await help_.judge(signed.user, id, sent["was"] == "right")
    return await navigation.return_to_form(signed.user, id, sent)
