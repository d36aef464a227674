"""Pages of technology directors: versions of the policy, a form to change it, proposals and simulations."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.policy.life import ComparedPolicy
from gateway.console.web.deps import NowDep, NumberInPath, PagesDep, PolicyLifeDep, Sent, Signed
from gateway.console.web.forms import clean_text
from gateway.core.policy_versions.version import OPEN_STATES, PolicyPeriod, ProposalState, PublishedPolicy

policy_life_pages = APIRouter(include_in_schema=False)

_EXAMPLES = 40
_DAYS = {"1": 1.0, "7": 7.0, "30": 30.0, "90": 90.0}


@policy_life_pages.get("/policies")
async def show_policies(
    request: Request, signed: Signed, life: PolicyLifeDep, now: NowDep, pages: PagesDep
) -> Response:
    """The versions, what waits for a second person, and simulations."""
    periods = await life.periods(signed.user)
    proposals = await life.proposals(signed.user)
    return pages.page(
        request, "policies.html", signed, periods=periods, now=now, people=life.people,
        waiting=[item for item in proposals if item.state_at(now) is ProposalState.OPEN],
        ended=[item for item in proposals if item.state_at(now) is not ProposalState.OPEN][:10],
        simulations=(await life.simulations(signed.user))[:10], open_states=OPEN_STATES,
    )  # fmt: skip


@policy_life_pages.get("/policies/edit")
async def edit_policy(request: Request, signed: Signed, life: PolicyLifeDep, pages: PagesDep) -> Response:
    """The form to change the policy, with the text of the newest version or of the one that `from` names."""
    newest = await life.newest(signed.user)
    number = request.query_params.get("from", "")
    start = newest
    if number.isascii() and number.isdigit() and len(number) < 16:
        start = await life.version(signed.user, int(number))
    compared = await life.compare(signed.user, start.source)
    return _edit_page(request, signed, pages, life, compared, start.source, "")


@policy_life_pages.post("/policies/check")
async def check_policy(request: Request, signed: Signed, sent: Sent, life: PolicyLifeDep, pages: PagesDep) -> Response:
    """What is wrong with a text and what would change, as a part of the form."""
    compared = await life.compare(signed.user, _source(sent))
    return pages.page(request, "policy_findings.html", signed, compared=compared)


@policy_life_pages.post("/policies/edit")
async def change_policy(request: Request, signed: Signed, sent: Sent, life: PolicyLifeDep, pages: PagesDep) -> Response:
    """Check, simulate or publish a text, as the button says."""
    source, note = _source(sent), clean_text(sent.get("note", ""), 500)
    what = sent.get("do", "check")
    if what == "simulate":
        simulation = await life.simulate(signed.user, source, _DAYS.get(sent.get("days", "7"), 7.0), _minutes(sent))
        return RedirectResponse(f"/policies/simulations/{simulation.id}", 303)
    compared = await life.compare(signed.user, source)
    if what == "publish" and compared.check.policy is not None:
        base = sent.get("base", "")
        done = await life.submit(signed.user, source, note, int(base) if base.isdigit() and len(base) < 16 else None)
        if isinstance(done, PublishedPolicy):
            return RedirectResponse(f"/policies/versions/{done.period.number}", 303)
        return RedirectResponse(f"/policies/proposals/{done.id}", 303)
    return _edit_page(request, signed, pages, life, compared, source, note)


@policy_life_pages.get("/policies/versions/{number}")
async def show_version(
    request: Request, number: NumberInPath, signed: Signed, life: PolicyLifeDep, now: NowDep, pages: PagesDep
) -> Response:
    """One version: what it changed, and its text."""
    found = await life.version(signed.user, number)
    before = await life.version(signed.user, number - 1) if number > 1 else None
    changes = life.differences(before.source, found.source) if before is not None else None
    return pages.page(
        request,
        "policy_version.html",
        signed,
        found=found,
        changes=changes,
        now=now,
        in_force=_state(found.period, now),
    )


@policy_life_pages.get("/policies/proposals/{id}")
async def show_proposal(
    request: Request, id: str, signed: Signed, life: PolicyLifeDep, now: NowDep, pages: PagesDep
) -> Response:
    """A proposal: what it would change, and the buttons to agree or to refuse."""
    proposal = await life.proposal(signed.user, id)
    return pages.page(
        request, "policy_proposal.html", signed, proposal=proposal, state=proposal.state_at(now),
        compared=await life.compare(signed.user, proposal.source),
        refusal=await life.why_not_agree(signed.user, proposal),
    )  # fmt: skip


@policy_life_pages.post("/policies/proposals/{id}/agree")
async def agree(id: str, signed: Signed, sent: Sent, life: PolicyLifeDep) -> Response:
    """Agree with a proposal of somebody else, which publishes it."""
    base = sent.get("base", "")
    version = await life.agree(signed.user, id, int(base) if base.isdigit() and len(base) < 16 else None)
    return RedirectResponse(f"/policies/versions/{version.period.number}", 303)


@policy_life_pages.post("/policies/proposals/{id}/withdraw")
async def withdraw(id: str, signed: Signed, sent: Sent, life: PolicyLifeDep) -> Response:
    """Withdraw a proposal, or refuse that of somebody else."""
    await life.withdraw(signed.user, id)
    return RedirectResponse("/policies", 303)


@policy_life_pages.get("/policies/simulations/{id}")
async def show_simulation(request: Request, id: str, signed: Signed, life: PolicyLifeDep, pages: PagesDep) -> Response:
    """How far a simulation is, and its result: counts, minutes of review and examples."""
    simulation = await life.simulation(signed.user, id)
    result = json.loads(simulation.result) if simulation.state == "done" else None
    newest = await life.newest(signed.user)
    return pages.page(
        request, "policy_simulation.html", signed, simulation=simulation, result=result, examples=_EXAMPLES,
        running=simulation.state in OPEN_STATES, changes=life.differences(newest.source, simulation.source),
        actions=("alert", "hold", "flag", "release"),
    )  # fmt: skip


@policy_life_pages.post("/policies/simulations/{id}/cancel")
async def cancel_simulation(id: str, signed: Signed, sent: Sent, life: PolicyLifeDep) -> Response:
    """Cancel a simulation."""
    await life.cancel(signed.user, id)
    return RedirectResponse(f"/policies/simulations/{id}", 303)


def _edit_page(
    request: Request,
    signed: Signed,
    pages: PagesDep,
    life: PolicyLifeDep,
    compared: ComparedPolicy,
    source: str,
    note: str,
) -> Response:
    return pages.page(
        request, "policy_edit.html", signed, compared=compared, source=source, note=note, people=life.people,
        days=list(_DAYS), status=200 if compared.check.error is None else 422,
    )  # fmt: skip


def _source(sent: dict[str, str]) -> str:
    """The text of the form. Browsers send lines that end with CR and LF."""
    return sent.get("policy", "").replace("\r\n", "\n")


def _minutes(sent: dict[str, str]) -> float:
    text = sent.get("minutes", "2")
    try:
        return float(text)
    except ValueError:
        return 2.0


def _state(period: PolicyPeriod, now: float) -> str:
    if period.is_in_force(now):
        return "in force"
    return "in force within seconds" if now < period.since else "not in force any more"
