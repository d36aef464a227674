"""The page of personal accounts: guesses to confirm or refuse, organizations, unknown district addresses."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.web.deps import PagesDep, PersonalAccountsDep, Sent, Signed
from gateway.console.web.forms import clean_text
from gateway.core.relation.personal_account import AccountStatus

personal_account_pages = APIRouter(include_in_schema=False)


@personal_account_pages.get("/personal-accounts")
async def list_accounts(request: Request, signed: Signed, accounts: PersonalAccountsDep, pages: PagesDep) -> Response:
    """What was guessed and decided, and which district addresses nobody has."""
    user = signed.user
    return pages.page(
        request, "personal_accounts.html", signed,
        guessed=await accounts.accounts(user, AccountStatus.GUESSED),
        confirmed=await accounts.accounts(user, AccountStatus.CONFIRMED),
        refused=await accounts.accounts(user, AccountStatus.REFUSED),
        organizations=await accounts.organizations(user), unknown=await accounts.unknown(user),
    )  # fmt: skip


@personal_account_pages.post("/personal-accounts")
async def decide(signed: Signed, sent: Sent, accounts: PersonalAccountsDep) -> Response:
    """Confirm or refuse an account."""
    await accounts.decide(
        signed.user, sent.get("address", ""), sent.get("person", ""), sent.get("status", ""),
        clean_text(sent.get("reason", "")),
    )  # fmt: skip
    return RedirectResponse("/personal-accounts", 303)


@personal_account_pages.post("/personal-accounts/organizations")
async def change_organization(signed: Signed, sent: Sent, accounts: PersonalAccountsDep) -> Response:
    """Register or remove an organization."""
    if sent.get("remove"):
        await accounts.remove(signed.user, sent["remove"])
    else:
        await accounts.register(signed.user, sent.get("name", ""), clean_text(sent.get("label", ""), 200))
    return RedirectResponse("/personal-accounts#organizations", 303)
