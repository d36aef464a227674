"""The register of tools as an account may see and change it.

Technology directors see everything, register and remove. Building administrators and staff see the tools of their
buildings and of the whole district, and ask for a tool to be registered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from gateway.console.auth.authorization import Authorization
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.policy.authorization import ConsoleDirectory, person_id_of
from gateway.core.policy.tool_changes import ToolChange, ToolDraft, register_tool, remove_tool, request_tool
from gateway.core.tools.dates import end_of, start_of
from gateway.core.tools.domains import as_domain
from gateway.core.tools.register import RegisterOverTime, Tool, ToolState, ToolUse, still_unregistered
from gateway.ports.clock import StoreClock
from gateway.ports.tools import ToolStore

_ONLY_DIRECTORS = "Only a technology director registers or removes a tool. You can ask for one to be registered."
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class WrittenTool:
    """What somebody wrote about a tool, as in a form. None: not given. Dates are days such as 2027-06-30."""

    domain: str
    name: str | None = None
    owner: str | None = None
    building: str | None = None
    administrator_access: str | None = None
    access_since: str | None = None
    review: str | None = None
    until: str | None = None


class ToolService:
    """The register of classroom tools."""

    def __init__(
        self,
        authorization: Authorization,
        directory: ConsoleDirectory,
        clock: StoreClock,
        tools: ToolStore,
        zone: tzinfo,
    ) -> None:
        self._authorization, self._directory, self._clock = authorization, directory, clock
        self._tools, self._zone = tools, zone

    @property
    def zone(self) -> tzinfo:
        """The district's time zone, in which days count."""
        return self._zone

    def may_register(self, user: User) -> bool:
        """Whether an account registers tools itself."""
        return user.role is AccountRole.TECHNOLOGY_DIRECTOR

    def building_names(self) -> Mapping[str, str]:
        """The names of all buildings by sourcedId."""
        return self._directory.organizations()

    def buildings(self, user: User) -> list[tuple[str, str]]:
        """The buildings, with their names, that an account may ask a tool for. Empty for a director: any."""
        if self.may_register(user):
            return []
        return sorted(
            ((id_, self._directory.building_name(id_)) for id_ in self._buildings(user)), key=lambda it: it[1]
        )

    async def visible(self, user: User) -> list[Tool]:
        """The tools that an account may see, by domain; removed ones are left out. Raises a Problem."""
        await self._authorization.require(user, Right.TOOLS)
        now, own = await self._clock.now(), self._buildings(user)
        return [
            tool
            for tool in await self._tools.all()
            if tool.state is not ToolState.REMOVED and self._sees(user, tool, own, now)
        ]

    async def uses(self, user: User) -> Sequence[ToolUse]:
        """The tools in use that are not registered, the most used first. Raises a Problem."""
        await self._authorization.require_director(user, "see the use of tools", _ONLY_DIRECTORS)
        register = RegisterOverTime(await self._tools.all(), ()).at(await self._clock.now())
        return still_unregistered(await self._tools.uses(), register)

    async def submit(self, user: User, written: WrittenTool) -> Tool:
        """Register a tool as a director, and ask for it as anybody else. Raises a Problem."""
        await self._authorization.require(user, Right.TOOLS)
        draft, now = self._draft(written), await self._clock.now()
        if self.may_register(user):
            return await self._change(draft.domain, register_tool(draft, user.name, now))
        draft = replace(draft, building=self._own_building(user, draft.building or ""))
        tool = await self._tools.change(draft.domain, request_tool(draft, user.name, now))
        if tool is None:
            known = await self._tools.find(draft.domain)
            what = "registered" if known is not None and known.is_in_force(now) else "requested"
            raise Problem(409, f"{draft.domain} is {what} already.")
        return tool

    async def remove(self, user: User, domain: str) -> Tool:
        """Remove a tool, or decline a request. Raises a Problem."""
        await self._authorization.require_director(user, "remove a tool", _ONLY_DIRECTORS)
        tool = await self._tools.change(domain, remove_tool(user.name, await self._clock.now()))
        if tool is None:
            raise Problem(404, "This tool is not in the register.")
        return tool

    async def _change(self, domain: str, change: ToolChange) -> Tool:
        tool = await self._tools.change(domain, change) or await self._tools.find(domain)
        assert tool is not None, "a row is never deleted"
        return tool

    def _buildings(self, user: User) -> frozenset[str]:
        person = person_id_of(user, self._directory)
        return frozenset(user.buildings) or (self._directory.buildings_of(person) if person else frozenset())

    def _own_building(self, user: User, written: str) -> str:
        own = self._buildings(user)
        if written and written not in own:
            raise Problem(422, "Choose one of your own buildings.")
        return written or (next(iter(own)) if len(own) == 1 else "")

    def _sees(self, user: User, tool: Tool, own: frozenset[str], now: float) -> bool:
        if self.may_register(user) or tool.requested_by == user.name:
            return True
        near = not tool.building or tool.building in own
        return near and (user.role is AccountRole.BUILDING_ADMINISTRATOR or tool.is_in_force(now))

    def _draft(self, written: WrittenTool) -> ToolDraft:
        domain = as_domain(written.domain)
        if domain is None:
            raise Problem(422, f"{written.domain[:80] or 'Nothing'} is not a domain: write it like quiz.example.com.")
        return ToolDraft(
            domain, _line(written.name), _line(written.owner), _line(written.building),
            _line(written.administrator_access), self._date(written.access_since, ends=False),
            self._date(written.review, ends=False), self._date(written.until, ends=True),
        )  # fmt: skip

    def _date(self, text: str | None, *, ends: bool) -> float | None:
        if not text:
            return None
        try:
            return (end_of if ends else start_of)(text, self._zone)
        except (ValueError, OverflowError):
            raise Problem(422, f"{text[:40]} is not a date: write one such as 2027-06-30.") from None


def _line(text: str | None) -> str | None:
    """A text on one line, cut to what the register keeps."""
    return None if text is None else " ".join(text.split())[:_MAX_TEXT]
