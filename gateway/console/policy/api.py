"""The API of the policy's life. Technology directors only."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import Path
from starlette.responses import JSONResponse

from gateway.console.policy import schemas
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    ActionDep,
    Cursor,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import NowDep, PolicyLifeDep
from gateway.console.web.forms import clean_text
from gateway.core.policy_versions.rows import difference_row, proposal_row, simulation_state_row, version_row
from gateway.core.policy_versions.version import PolicySimulation, PublishedPolicy, SimulationState

policy_api = api_router()
_CHANGES = problems(400, 409, 413)
_NAMED = problems(404)
Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Id = Annotated[str, Path(max_length=64)]


@policy_api.get("/policies", response_model=schemas.PolicyVersionList, summary="The versions of the policy")
async def list_policies(
    life: PolicyLifeDep, user: Reader, now: NowDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    """The newest first, with author, hash and the exact time of each."""
    before = decode_cursor(cursor, int)[0] if cursor is not None else None
    found = [period for period in await life.periods(user) if before is None or period.number < before]
    page = found[:limit]
    items = [version_row(period, now) for period in page]
    return {"items": items, "next": encode_cursor(page[-1].number) if len(found) > limit else None}


@policy_api.post(
    "/policies", status_code=201, response_model=schemas.SubmittedPolicy, responses=_CHANGES,
    summary="Publish a policy, or propose it where two people must agree",
)  # fmt: skip
async def submit_policy(
    life: PolicyLifeDep, action: ActionDep, now: NowDep, body: schemas.NewPolicyBody
) -> JSONResponse:
    """It is in force in all processes within ten seconds. `detail` of a 422 names line and key, and how to fix it."""

    async def act() -> dict[str, object]:
        done = await life.submit(action.user, body.policy, clean_text(body.note, 500), body.base)
        if isinstance(done, PublishedPolicy):
            row = version_row(done.period, now)
            return {"state": "published", "hash": done.period.hash, "version": row, "proposal": None}
        return {"state": "proposed", "hash": done.hash, "version": None, "proposal": proposal_row(done, now)}

    return await action.run(["policy", body.model_dump()], act, 201)


@policy_api.post("/policies/check", response_model=schemas.PolicyCheckRow, responses=_CHANGES, summary="Check a policy")
async def check_policy(life: PolicyLifeDep, user: Reader, body: schemas.PolicyText) -> dict[str, object]:
    """What is wrong, which rules can never fire, and what would change. Nothing is published."""
    found = await life.compare(user, body.policy)
    policy = found.check.policy
    return {
        "usable": policy is not None, "hash": policy.hash if policy else None, "base": found.current.period.number,
        "notes": [
            {"line": note.line, "key": note.key, "text": note.text, "error": note.is_error}
            for note in found.check.notes
        ],
        "changes": [difference_row(item) for item in found.differences],
    }  # fmt: skip


@policy_api.get("/policies/proposals", response_model=schemas.PolicyProposalList, summary="Proposals for the policy")
async def list_proposals(life: PolicyLifeDep, user: Reader, now: NowDep) -> dict[str, object]:
    """The newest first. The whole list is one page."""
    return {"items": [proposal_row(proposal, now) for proposal in await life.proposals(user)], "next": None}


@policy_api.post(
    "/policies/proposals/{id}/agree", response_model=schemas.SubmittedPolicy, responses=_CHANGES | _NAMED,
    summary="Agree with a proposal of another technology director, which publishes it",
)  # fmt: skip
async def agree(
    life: PolicyLifeDep, action: ActionDep, now: NowDep, id: Id, body: schemas.ProposalBase
) -> JSONResponse:
    async def act() -> dict[str, object]:
        done = await life.agree(action.user, id, body.base)
        row = version_row(done.period, now)
        return {"state": "published", "hash": done.period.hash, "version": row, "proposal": None}

    return await action.run(["policy agree", id, body.base], act)


@policy_api.post(
    "/policies/proposals/{id}/withdraw", response_model=schemas.PolicyProposalRow, responses=_CHANGES | _NAMED,
    summary="Withdraw a proposal, or refuse that of somebody else",
)  # fmt: skip
async def withdraw(life: PolicyLifeDep, action: ActionDep, now: NowDep, id: Id) -> JSONResponse:
    async def act() -> dict[str, object]:
        return proposal_row(await life.withdraw(action.user, id), now)

    return await action.run(["policy withdraw", id], act)


@policy_api.get("/policies/simulations", response_model=schemas.PolicySimulationList, summary="Simulations of policies")
async def list_simulations(life: PolicyLifeDep, user: Reader) -> dict[str, object]:
    """The newest first. The whole list is one page."""
    return {"items": [simulation_state_row(simulation) for simulation in await life.simulations(user)], "next": None}


@policy_api.post(
    "/policies/simulations", status_code=201, response_model=schemas.PolicySimulationRow, responses=_CHANGES,
    summary="Try a policy on past traffic, in the background",
)  # fmt: skip
async def start_simulation(life: PolicyLifeDep, action: ActionDep, body: schemas.NewPolicySimulation) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _simulation_row(await life.simulate(action.user, body.policy, body.days, body.minutes))

    return await action.run(["policy simulate", body.model_dump()], act, 201)


@policy_api.get(
    "/policies/simulations/{id}", response_model=schemas.PolicySimulationRow, responses=_NAMED,
    summary="How far a simulation is, and its result",
)  # fmt: skip
async def show_simulation(life: PolicyLifeDep, user: Reader, id: Id) -> dict[str, object]:
    return _simulation_row(await life.simulation(user, id))


@policy_api.post(
    "/policies/simulations/{id}/cancel", response_model=schemas.PolicySimulationRow, responses=_CHANGES | _NAMED,
    summary="Cancel a simulation",
)  # fmt: skip
async def cancel_simulation(life: PolicyLifeDep, action: ActionDep, id: Id) -> JSONResponse:
    async def act() -> dict[str, object]:
        return _simulation_row(await life.cancel(action.user, id))

    return await action.run(["policy cancel", id], act)


@policy_api.get(
    "/policies/{number}",
    response_model=schemas.PolicyVersionText,
    responses=_NAMED,
    summary="One version with its text",
)
async def show_policy(life: PolicyLifeDep, user: Reader, now: NowDep, number: Number) -> dict[str, object]:
    found = await life.version(user, number)
    return version_row(found.period, now) | {"policy": found.source}


def _simulation_row(simulation: PolicySimulation) -> dict[str, object]:
    row = simulation_state_row(simulation)
    if simulation.state is SimulationState.DONE:
        return row | {"result": json.loads(simulation.result)}
    return row | {"failure": simulation.result if simulation.state is SimulationState.FAILED else ""}
