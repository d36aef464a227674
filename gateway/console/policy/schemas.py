"""The JSON of the policy's life."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.console.web.schemas import RequestBody

_MAX_POLICY = 60_000


class PolicyText(RequestBody):
    """A policy to check."""

    policy: str = Field(max_length=_MAX_POLICY, description="The text of a policy file, in TOML")


class NewPolicyBody(PolicyText):
    """A policy to publish, or to propose where two people must agree."""

    note: str = Field("", max_length=500, description="Why it changes; kept with the version")
    base: int | None = Field(
        None, ge=1, lt=1 << 53, description="The version that you compared it with: 409 if another is the newest now"
    )


class ProposalBase(RequestBody):
    """What the person who agrees has compared the proposal with."""

    base: int | None = Field(None, ge=1, lt=1 << 53, description="409 if another version is the newest now")


class NewPolicySimulation(PolicyText):
    """A policy to try on past traffic."""

    days: float = Field(7.0, gt=0, le=92)
    minutes: float = Field(2.0, ge=0, lt=1000, description="A reviewer's minutes for one held message")


class PolicyVersionRow(BaseModel):
    """A version of the policy: in force from `time` until `until`."""

    version: int
    hash: str
    author: str = Field(description='An account, a person at a terminal, or "file"')
    seconded_by: str
    time: str
    until: str | None
    in_force: bool
    note: str


class PolicyVersionList(BaseModel):
    """Versions, the newest first."""

    items: list[PolicyVersionRow]
    next: str | None


class PolicyVersionText(PolicyVersionRow):
    """A version with its text."""

    policy: str


class PolicyChangeRow(BaseModel):
    """A change in words."""

    key: str
    about: str
    change: str


class PolicyNoteRow(BaseModel):
    """What a check found."""

    line: int = Field(description="From 1; 0 if unknown")
    key: str
    text: str
    error: bool = Field(description="Prevents publishing")


class PolicyCheckRow(BaseModel):
    """The result of a check, compared with the newest version `base`."""

    usable: bool
    hash: str | None
    base: int
    notes: list[PolicyNoteRow]
    changes: list[PolicyChangeRow]


class PolicyProposalRow(BaseModel):
    """A policy that waits, or waited, for a second person."""

    id: str
    hash: str
    author: str
    at: str
    expires_at: str
    note: str
    base: int
    state: Literal["open", "published", "withdrawn", "expired"]
    ended_by: str
    version: int | None


class PolicyProposalList(BaseModel):
    """Proposals, the newest first."""

    items: list[PolicyProposalRow]
    next: str | None


class SubmittedPolicy(BaseModel):
    """What became of a policy: published as a version, or a proposal."""

    state: Literal["published", "proposed"]
    hash: str
    version: PolicyVersionRow | None
    proposal: PolicyProposalRow | None


class PolicySimulationRow(BaseModel):
    """A simulation, and how far it is. `result` as `chaperone policy simulate --json` prints it."""

    id: str
    hash: str
    author: str
    at: str
    days: float
    minutes: float
    state: Literal["waiting", "running", "done", "failed", "canceled"]
    done: int
    total: int
    percent: int
    result: dict[str, object] | None = None
    failure: str = ""


class PolicySimulationList(BaseModel):
    """Simulations, the newest first, without results."""

    items: list[PolicySimulationRow]
    next: str | None
