"""The API of accounts and roles, for technology directors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Path, Security
from starlette.responses import JSONResponse

from gateway.console.administration import schemas
from gateway.console.administration.accounts import AccountDraft, ConsoleAccount
from gateway.console.web.api_deps import Decider, IdempotencyKey, Reader, bearer, problems
from gateway.console.web.deps import AccountAdministrationDep, IdempotencyDep
from gateway.core.accounts.account import User

account_administration_api = APIRouter(
    prefix="/api/v1/accounts", responses=problems(401, 403, 422, 429, 503), dependencies=[Security(bearer)]
)  # fmt: skip
_CHANGE_PROBLEMS = problems(400, 404, 409, 413)
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
    "", status_code=201, response_model=schemas.AddedAccount, responses=_CHANGE_PROBLEMS, summary="Add an account"
)
async def add(accounts: AccountAdministrationDep, user: Decider, body: schemas.NewAccountBody) -> dict[str, object]:
    """The answer has its first password, once. So it takes no Idempotency-Key: no answer with it is kept."""
    row, password = await accounts.add(user, body.name, _draft(body), by_service=body.by_service)
    return {**_row(row), "password": password}


@account_administration_api.put(
    "/{name}",
    response_model=schemas.ConsoleAccountRow,
    responses=_CHANGE_PROBLEMS,
    summary="Set role, buildings and person",
)
async def change(
    accounts: AccountAdministrationDep, idempotency: IdempotencyDep, user: Decider, name: AccountName,
    body: schemas.AccountDraftBody, key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    async def act() -> dict[str, object]:
        return _row(await accounts.change(user, name, _draft(body)))

    return await idempotency.run_json(user, key, ["account", name, body.model_dump()], act)


@account_administration_api.post(
    "/{name}/password", response_model=schemas.ResetPassword, responses=_CHANGE_PROBLEMS, summary="Reset a password"
)
async def reset_password(accounts: AccountAdministrationDep, user: Decider, name: AccountName) -> dict[str, object]:
    """The answer has the new password, once. Sessions and tokens of the account end."""
    return {"name": name, "password": await accounts.reset_password(user, name)}


async def _act(
    idempotency: IdempotencyDep, user: User, key: str | None, name: str, done: str, do: Callable[[], Awaitable[object]]
) -> JSONResponse:
    async def act() -> dict[str, object]:
        await do()
        return {"name": name, "done": done}

    return await idempotency.run_json(user, key, ["account", name, done], act)


@account_administration_api.post(
    "/{name}/disable", response_model=schemas.ChangedAccount, responses=_CHANGE_PROBLEMS, summary="Disable an account"
)
async def disable(
    accounts: AccountAdministrationDep, idempotency: IdempotencyDep, user: Decider, name: AccountName,
    key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    return await _act(idempotency, user, key, name, "disabled", lambda: accounts.disable(user, name))


@account_administration_api.post(
    "/{name}/enable", response_model=schemas.ChangedAccount, responses=_CHANGE_PROBLEMS,
    summary="Let a disabled account sign in again",
)  # fmt: skip
async def enable(
    accounts: AccountAdministrationDep, idempotency: IdempotencyDep, user: Decider, name: AccountName,
    key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    return await _act(idempotency, user, key, name, "enabled", lambda: accounts.enable(user, name))


@account_administration_api.post(
    "/{name}/codes-off", response_model=schemas.ChangedAccount, responses=_CHANGE_PROBLEMS,
    summary="Remove the second step of an account whose owner has lost it",
)  # fmt: skip
async def codes_off(
    accounts: AccountAdministrationDep, idempotency: IdempotencyDep, user: Decider, name: AccountName,
    key: IdempotencyKey = None,
) -> JSONResponse:  # fmt: skip
    return await _act(
        idempotency, user, key, name, "second step removed", lambda: accounts.remove_second_step(user, name)
    )
