"""The register of classroom tools (clauses 2 and 3): which are registered with administrator access, and until when."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.core.tools.domains import is_public_institution, site_of, with_parents
from gateway.core.tools.known import DOMAINS_BY_SLUG, NAME_BY_DOMAIN, slug

INVITATION = "invitation:"
"""The start of the cue of an invitation without a link; the slug of the tool's name follows."""
SHORTENER = "shortener:"
"""The start of the cue of a shortened link; its domain follows. What is behind it is unknown."""
_WORD = re.compile(r"\w+")
_SAYS_NOTHING = frozenset(
    {"app", "class", "classes", "for", "google", "microsoft", "school", "schools", "the", "online"}
)


class ToolState(StrEnum):
    """The state of a tool in the register."""

    REQUESTED = "requested"  # somebody asked for it, or nobody has administrator access yet
    REGISTERED = "registered"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Tool:
    """A classroom tool: its domain and every domain below it.

    `building` is the sourcedId of an org, or a name; "" for the whole district. `administrator_access`: who has it,
    `access_since` since when. Times are seconds since the epoch. The registration ends at `until`. `requested_by` and
    `changed_by` are accounts.
    """

    domain: str
    name: str
    owner: str = ""
    building: str = ""
    administrator_access: str = ""
    access_since: float | None = None
    review_at: float | None = None
    until: float | None = None
    state: ToolState = ToolState.REGISTERED
    requested_by: str = ""
    requested_at: float | None = None
    changed_by: str = ""
    changed_at: float = 0.0

    def is_in_force(self, now: float) -> bool:
        """Whether the tool is registered, with administrator access, and its registration has not ended."""
        has_ended = self.until is not None and self.until <= now
        return self.state is ToolState.REGISTERED and bool(self.administrator_access) and not has_ended


@dataclass(frozen=True, slots=True)
class ToolUse:
    """How often a tool was used: in how many messages and between how many pairs, and when last.

    `tool` is a domain, or the slug of a name where nothing but the name was written.
    """

    tool: str
    messages: int
    pairs: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class ToolRegister:
    """The tools in force, by domain and by name."""

    by_domain: Mapping[str, Tool] = field(default_factory=dict)
    by_name: Mapping[str, Tool] = field(default_factory=dict)

    @classmethod
    def of(cls, tools: Iterable[Tool]) -> ToolRegister:
        """The register of tools that are in force."""
        listed = list(tools)
        names = {word: tool for tool in reversed(listed) for word in _names_of(tool)}
        return cls({tool.domain: tool for tool in listed}, names)

    def tool(self, domain: str) -> Tool | None:
        """The tool of a domain, or of a domain above it."""
        found = (self.by_domain.get(parent) for parent in with_parents(domain))
        return next((tool for tool in found if tool is not None), None)

    def named(self, name_slug: str) -> Tool | None:
        """The tool with a name, or with a domain of the known tool with that name."""
        found = self.by_name.get(name_slug)
        if found is not None:
            return found
        domains = DOMAINS_BY_SLUG.get(name_slug, ())
        return next((tool for domain in domains if (tool := self.tool(domain)) is not None), None)

    def of_cue(self, cue: str) -> Tool | None:
        """The tool that the cue of a finding stands for."""
        if cue.startswith(INVITATION):
            return self.named(cue.removeprefix(INVITATION))
        return self.tool(cue.removeprefix(SHORTENER))


EMPTY_REGISTER = ToolRegister()


class RegisterOverTime:
    """The register at any time. Tools of the policy file count until the store has a row for their domain."""

    def __init__(self, stored: Iterable[Tool], in_file: Iterable[Tool]) -> None:
        known = {tool.domain: tool for tool in stored}
        self._tools = (*known.values(), *(tool for tool in in_file if tool.domain not in known))
        self._ends = sorted(tool.until for tool in self._tools if tool.until is not None)
        self._registers: dict[int, ToolRegister] = {}

    def at(self, now: float) -> ToolRegister:
        """The tools in force at a time: the same object until the registration of a tool ends."""
        ended = bisect_right(self._ends, now)
        if ended not in self._registers:
            self._registers[ended] = ToolRegister.of(tool for tool in self._tools if tool.is_in_force(now))
        return self._registers[ended]


def still_unregistered(uses: Iterable[ToolUse], register: ToolRegister) -> list[ToolUse]:
    """The uses of tools that are not in force now."""
    return [
        use for use in uses if (register.tool(use.tool) if "." in use.tool else register.named(use.tool)) is None
    ]  # fmt: skip


def used_tool(cue: str) -> str:
    """The tool that the cue of a finding stands for, to count it by: a domain or a slug. "" for a shortened link."""
    if cue.startswith(SHORTENER):
        return ""
    if cue.startswith(INVITATION):
        name_slug = cue.removeprefix(INVITATION)
        domains = DOMAINS_BY_SLUG.get(name_slug)
        return domains[0] if domains else name_slug
    name = next((NAME_BY_DOMAIN[parent] for parent in with_parents(cue) if parent in NAME_BY_DOMAIN), None)
    return DOMAINS_BY_SLUG[slug(name)][0] if name is not None else site_of(cue)


def is_ordinary(host: str, sites: frozenset[str]) -> bool:
    """Whether a host belongs to an ordinary site, a government or a school. The host of a known tool does not."""
    for parent in with_parents(host):
        if parent in sites:
            return True
        if parent in NAME_BY_DOMAIN:
            return False
    return is_public_institution(host)


def _names_of(tool: Tool) -> Iterable[str]:
    """The slugs that stand for a tool: its whole name, and its first and last word if they say which it is."""
    words = [slug(word) for word in _WORD.findall(tool.name)]
    ends = {word for word in (*words[:1], *words[-1:]) if len(word) > 3 and word not in _SAYS_NOTHING}
    return {slug(tool.name), *ends} - {""}
