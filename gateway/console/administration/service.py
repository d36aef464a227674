"""The index of administration: what there is to administer, and what waits in each place."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.console.administration.accounts import AccountAdministration
from gateway.console.administration.roster import RosterService
from gateway.console.auth.authorization import Authorization
from gateway.console.looks.service import LookService
from gateway.console.personal_accounts.service import PersonalAccountService
from gateway.console.tools.service import ToolService
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.relation.personal_account import AccountStatus
from gateway.core.tools.register import ToolState


@dataclass(frozen=True, slots=True)
class AdministrationPlace:
    """A place of administration. `waits`: how much waits there; `what` says of which kind."""

    key: str
    title: str
    path: str
    purpose: str
    waits: int = 0
    what: str = ""


class AdministrationService:
    """The places that an account may administer."""

    def __init__(
        self, authorization: Authorization, accounts: AccountAdministration, roster: RosterService,
        personal_accounts: PersonalAccountService, tools: ToolService, looks: LookService,
    ) -> None:  # fmt: skip
        self._authorization, self._accounts, self._roster = authorization, accounts, roster
        self._personal_accounts, self._tools, self._looks = personal_accounts, tools, looks

    async def places(self, user: User) -> list[AdministrationPlace]:
        """The places, with what waits in each. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        is_director = user.role is AccountRole.TECHNOLOGY_DIRECTOR
        guesses = await self._personal_accounts.accounts(user, AccountStatus.GUESSED)
        unknown = await self._personal_accounts.unknown(user)
        requested = [tool for tool in await self._tools.visible(user) if tool.state is ToolState.REQUESTED]
        looks = await self._looks.open(user)
        try:
            groups, warnings = await self._roster.waiting_counts(user)
        except Problem:  # a list that cannot be read must not hide the other places: its own page says why
            groups, warnings = 0, 0
        places = [
            AdministrationPlace("look-requests", "Senders who ask for another look", "/",
                                "They stand above the held messages.", len(looks), "to answer"),
            AdministrationPlace("personal-accounts", "Personal accounts", "/personal-accounts",
                                "Outside addresses that count as somebody's.", len(guesses), "to confirm or refuse"),
            AdministrationPlace("unknown-addresses", "Unknown district addresses", "/personal-accounts#unknown",
                                "Addresses of the district that the roster does not know.", len(unknown), "unknown"),
            AdministrationPlace("tools", "Classroom tools", "/tools", "What is registered, and who asked for what.",
                                len(requested), "to decide"),
            AdministrationPlace("contacts", "Contacts", "/administration/contacts",
                                "Personal accounts and district phones that the district's list names."),
            AdministrationPlace("groups", "Groups", "/administration/groups",
                                "Group addresses, who is in them, and which members nobody knows.", groups,
                                "with unknown members"),
        ]  # fmt: skip
        if is_director:
            places += [
                AdministrationPlace("accounts", "Accounts and roles", "/administration/accounts",
                                    "Who signs in here, and what they may do.", await self._accounts.count_faulty(),
                                    "need attention"),
                AdministrationPlace("roster", "Roster", "/administration/roster",
                                    "Who is who. Import a new set after a look at what it changes.", warnings,
                                    "to look at: warnings about its files"),
                AdministrationPlace("records", "Records requests", "/records",
                                    "A file of what is kept about one person."),
                AdministrationPlace("audit", "Who did what", "/audit",
                                    "Everything that was read, decided and changed, and who else may read content."),
            ]  # fmt: skip
        return places
