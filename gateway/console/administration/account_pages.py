"""Pages of accounts and roles, for technology directors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.administration.accounts import AccountAdministration, AccountDraft
from gateway.console.auth.authenticator import BrowserSession
from gateway.console.templating import Pages
from gateway.console.web.deps import AccountAdministrationDep, PagesDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text, read_values
from gateway.core.accounts.account import AccountRole

account_administration_pages = APIRouter(include_in_schema=False)
AccountName = Annotated[str, Path(max_length=64)]


async def _page(
    request: Request, signed: BrowserSession, pages: Pages, accounts: AccountAdministration,
    problem: Problem | None = None, *, name: str = "", password: str = "",
) -> Response:  # fmt: skip
    return pages.page(
        request, "accounts.html", signed, problem.status if problem else 200, rows=await accounts.all(signed.user),
        fault=problem.detail if problem else "", name=name, password=password, every_role=list(AccountRole),
        every_building=sorted(accounts.buildings().items(), key=lambda building: building[1]),
    )  # fmt: skip


async def _draft(request: Request, sent: dict[str, str]) -> AccountDraft:
    return AccountDraft(
        sent.get("role", ""), tuple(await read_values(request, "building")), clean_text(sent.get("person", ""), 320),
        sent.get("no_person") == "yes",
    )  # fmt: skip


@account_administration_pages.get("/administration/accounts")
async def list_accounts(
    request: Request, signed: Signed, pages: PagesDep, accounts: AccountAdministrationDep
) -> Response:  # fmt: skip
    """Every account, and forms to add and change them."""
    return await _page(request, signed, pages, accounts)


@account_administration_pages.post("/administration/accounts")
async def add(
    request: Request, signed: Signed, sent: Sent, pages: PagesDep, accounts: AccountAdministrationDep
) -> Response:
    """Add an account. Its first password is shown once."""
    name, by_service = clean_text(sent.get("name", ""), 64), sent.get("by_service") == "yes"
    try:
        row, password = await accounts.add(signed.user, name, await _draft(request, sent), by_service=by_service)
    except Problem as problem:
        if problem.status == 403:
            raise
        return await _page(request, signed, pages, accounts, problem, name=name)
    return await _page(request, signed, pages, accounts, name=row.user.name, password=password)


@account_administration_pages.post("/administration/accounts/{name}")
async def change(
    request: Request, name: AccountName, signed: Signed, sent: Sent, pages: PagesDep,
    accounts: AccountAdministrationDep,
) -> Response:  # fmt: skip
    """Change an account, disable or enable it, or reset how it signs in."""
    password = ""
    try:
        match sent.get("do", ""):
            case "disable":
                await accounts.disable(signed.user, name)
            case "enable":
                await accounts.enable(signed.user, name)
            case "password":
                password = await accounts.reset_password(signed.user, name)
            case "codes":
                await accounts.remove_second_step(signed.user, name)
            case _:
                await accounts.change(signed.user, name, await _draft(request, sent))
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _page(request, signed, pages, accounts, problem)
    if password:
        return await _page(request, signed, pages, accounts, name=name, password=password)
    return RedirectResponse("/administration/accounts", 303)
