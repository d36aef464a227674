"""The API of personal accounts, organizations and unknown district addresses."""

from __future__ import annotations

from typing import Literal

from starlette.responses import JSONResponse

from gateway.console.personal_accounts import schemas
from gateway.console.personal_accounts.service import AccountView
from gateway.console.web.api_deps import CHANGE_PROBLEMS, ActionDep, Reader, api_router
from gateway.console.web.deps import PersonalAccountsDep
from gateway.console.web.forms import clean_text
from gateway.core.relation.personal_account import AccountStatus, Organization
from gateway.core.serialization.json_fields import rfc3339

personal_account_api = api_router()


def _row(view: AccountView) -> dict[str, object]:
    account = view.account
    return {
        "address": account.address, "person": account.person, "name": view.name, "status": str(account.status),
        "basis": str(account.basis), "confidence": account.confidence, "messages": account.messages,
        "last_at": rfc3339(account.last_at), "decided_by": account.decided_by,
        "decided_at": rfc3339(account.decided_at) if account.decided_at else None, "reason": account.reason,
    }  # fmt: skip


def _organization_row(organization: Organization) -> dict[str, object]:
    return {"name": organization.name, "label": organization.label, "by": organization.decided_by}


@personal_account_api.get(
    "/personal-accounts", response_model=schemas.PersonalAccountList,
    summary="Outside addresses that count as personal accounts, the last seen first",
)  # fmt: skip
async def list_accounts(
    accounts: PersonalAccountsDep, user: Reader, status: Literal["guessed", "confirmed", "refused", "all"] = "guessed"
) -> dict[str, object]:
    """Those of people of your buildings, at most 500."""
    wanted = None if status == "all" else AccountStatus(status)
    return {"items": list(map(_row, await accounts.accounts(user, wanted))), "next": None}


@personal_account_api.post(
    "/personal-accounts", response_model=schemas.PersonalAccountRow, responses=CHANGE_PROBLEMS,
    summary="Say that an outside address is, or is not, a personal account of a person",
)  # fmt: skip
async def decide(accounts: PersonalAccountsDep, action: ActionDep, body: schemas.AccountDecision) -> JSONResponse:
    """In force in all processes within 10 seconds. A refused guess is not made again."""

    async def act() -> dict[str, object]:
        return _row(await accounts.decide(action.user, body.address, body.person, body.status, clean_text(body.reason)))

    request = ["personal account", body.address, body.person, body.status, body.reason]
    return await action.run(request, act)


@personal_account_api.get(
    "/unknown-addresses", response_model=schemas.UnknownAddressList,
    summary="District addresses that neither roster nor groups know, the most used first",
)  # fmt: skip
async def unknown_addresses(accounts: PersonalAccountsDep, user: Reader) -> dict[str, object]:
    """At most 500."""
    rows = [
        {
            "address": seen.address, "messages": seen.messages, "first_at": rfc3339(seen.first_at),
            "last_at": rfc3339(seen.last_at),
        }
        for seen in await accounts.unknown(user)
    ]  # fmt: skip
    return {"items": rows, "next": None}


@personal_account_api.get(
    "/organizations", response_model=schemas.OrganizationList, summary="Organizations that may write to many students"
)
async def organizations(accounts: PersonalAccountsDep, user: Reader) -> dict[str, object]:
    return {"items": list(map(_organization_row, await accounts.organizations(user))), "next": None}


@personal_account_api.post(
    "/organizations", status_code=201, response_model=schemas.OrganizationRow, responses=CHANGE_PROBLEMS,
    summary="Register an organization by its address or domain",
)  # fmt: skip
async def register(accounts: PersonalAccountsDep, action: ActionDep, body: schemas.NewOrganization) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _organization_row(await accounts.register(action.user, body.name, clean_text(body.label, 200)))

    return await action.run(["organization", body.name, body.label], act, 201)


@personal_account_api.delete(
    "/organizations/{name}", response_model=schemas.RemovedOrganization, responses=CHANGE_PROBLEMS,
    summary="Remove an organization",
)  # fmt: skip
async def remove(accounts: PersonalAccountsDep, action: ActionDep, name: str) -> JSONResponse:
    return await action.done(
        ["organization removed", name], lambda: accounts.remove(action.user, name), {"name": name, "done": "removed"}
    )
