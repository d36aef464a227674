"""The API of accounts and roles, for technology directors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Path
from starlette.responses import JSONResponse

from gateway.console.administration import schemas
from gateway.console.administration.accounts import AccountDraft, ConsoleAccount
from gateway.console.web.api_deps import CHANGE_PROBLEMS, ActionDep, Decider, Reader, RequestedAction, api_router
from gateway.console.web.deps import AccountAdministrationDep

account_administration_api = api_router("/accounts")
AccountName = Annotated[str, Path(max_length=64)]


def _row(row: ConsoleAccount) -> dict[str, object]:
    user = row.user
    return {
        "name": user.name, "role": user.role.value, "buildings": list(user.buildings), "person": user.person,
        "disabled": user.disabled_at is not None, "by_groups": user.by_groups, "faults": list(row.faults),
    }  # fmt: skip


def _draft(body: schemas.AccountDraftBody) -> AccountDraft:
    return AccountDraft(body.role, tuple(body.buildings), body.person, body.no_person)


@account_administration_api.get(
    "", response_model=schemas.ConsoleAccountList, summary="Accounts and what is wrong with them"
)
async def list_accounts(accounts: AccountAdministrationDep, user: Reader) -> dict[str, object]:
    """The whole list is one page."""
    return {"items": list(map(_row, await accounts.all(user))), "next": None}


@account_administration_api.post(
    "", status_code=201, response_model=schemas.AddedAccount, responses=CHANGE_PROBLEMS, summary="Add an account"
)
async def add(accounts: AccountAdministrationDep, user: Decider, body: schemas.NewAccountBody) -> dict[str, object]:
    """The answer has its first password, once. So it takes no Idempotency-Key: no answer with it is kept."""
    row, password = await accounts.add(user, body.name, _draft(body), by_service=body.by_service)
    return {**_row(row), "password": password}


@account_administration_api.put(
    "/{name}",
    response_model=schemas.ConsoleAccountRow,
    responses=CHANGE_PROBLEMS,
    summary="Set role, buildings and person",
)
async def change(
    accounts: AccountAdministrationDep, action: ActionDep, name: AccountName, body: schemas.AccountDraftBody
) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _row(await accounts.change(action.user, name, _draft(body)))

    return await action.run(["account", name, body.model_dump()], act)


@account_administration_api.post(
    "/{name}/password", response_model=schemas.ResetPassword, responses=CHANGE_PROBLEMS, summary="Reset a password"
)
async def reset_password(accounts: AccountAdministrationDep, user: Decider, name: AccountName) -> dict[str, object]:
    """The answer has the new password, once. Sessions and tokens of the account end."""
    return {"name": name, "password": await accounts.reset_password(user, name)}


async def _do(action: RequestedAction, name: str, done: str, work: Callable[[], Awaitable[object]]) -> JSONResponse:
    return await action.done(["account", name, done], work, {"name": name, "done": done})


@account_administration_api.post(
    "/{name}/disable", response_model=schemas.ChangedAccount, responses=CHANGE_PROBLEMS, summary="Disable an account"
)
async def disable(accounts: AccountAdministrationDep, action: ActionDep, name: AccountName) -> JSONResponse:
    return await _do(action, name, "disabled", lambda: accounts.disable(action.user, name))


@account_administration_api.post(
    "/{name}/enable", response_model=schemas.ChangedAccount, responses=CHANGE_PROBLEMS,
    summary="Let a disabled account sign in again",
)  # fmt: skip
async def enable(accounts: AccountAdministrationDep, action: ActionDep, name: AccountName) -> JSONResponse:
    return await _do(action, name, "enabled", lambda: accounts.enable(action.user, name))


@account_administration_api.post(
    "/{name}/codes-off", response_model=schemas.ChangedAccount, responses=CHANGE_PROBLEMS,
    summary="Remove the second step of an account whose owner has lost it",
)  # fmt: skip
async def codes_off(accounts: AccountAdministrationDep, action: ActionDep, name: AccountName) -> JSONResponse:
    return await _do(action, name, "second step removed", lambda: accounts.remove_second_step(action.user, name))
