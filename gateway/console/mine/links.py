"""Links by which staff sign in from their district mailbox, to see their own messages and nothing else.

A link works once and for a few minutes. Whoever asks learns nothing: the answer is the same for every address.
"""

from __future__ import annotations

from starlette.requests import Request

from gateway.console.auth.authenticator import Authenticator
from gateway.console.auth.credentials import hash_secret, new_session_secret
from gateway.console.auth.provisioning import find_or_create_staff_account
from gateway.console.auth.sign_in_attempts import client_address
from gateway.console.auth.stores import SignInStores
from gateway.console.web.errors import Problem
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Person, Role
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.accounts import SignInLinkStore

LINK_MINUTES = 15
"""Minutes that a link works."""
MAX_OF_PERSON, MAX_OF_CLIENT = 3, 100
"""Links in 15 minutes: for one person, and from one client. A school has one address."""
ASKED, USED = "sign-in link sent", "signed in"
_WINDOW = 900.0


class SignInLinks:
    """Sends links, and opens sessions with them."""

    def __init__(
        self, stores: SignInStores, links: SignInLinkStore, directory: ConsoleDirectory, authenticator: Authenticator,
        *, enabled: bool,
    ) -> None:  # fmt: skip
        self._stores, self._links, self._directory = stores, links, directory
        self._authenticator, self.enabled = authenticator, enabled

    async def send(self, request: Request, address: str) -> None:
        """Send a link to a staff member, and nothing to anybody else. Raises a Problem after too many."""
        self._require_enabled()
        person, client = self._staff(address), client_address(request)
        now = await self._stores.clock.now()
        counts = await self._links.count(person.id if person else "", client, now - _WINDOW)
        if counts.of_client >= MAX_OF_CLIENT:
            raise Problem(429, "Too many links. Wait 15 minutes, then try again.", headers={"Retry-After": "900"})
        if counts.of_person >= MAX_OF_PERSON:
            person = None
        secret = new_session_secret()
        followups, entry = [], None
        if person is not None:
            body = {"to": [person.address], "at": rfc3339(now), "secret": secret, "minutes": LINK_MINUTES}
            followups = [Followup(FollowupKind.SIGN_IN_LINK, "", body)]
            entry = AuditEntry(now, "nobody", ASKED, person.id)
        key = hash_secret(secret, "sign-in link")
        await self._links.add(key, person.id if person else "", client, LINK_MINUTES * 60.0, followups, entry)

    async def sign_in(self, request: Request, secret: str) -> str:
        """The secret of the session that a link opens. Raises a Problem if it is unknown, used or too old."""
        self._require_enabled()
        id_ = await self._links.use(hash_secret(secret[:200], "sign-in link"))
        person = self._directory.by_id(id_) if id_ else None
        now = await self._stores.clock.now()
        user = None
        if person is not None and self._is_staff(person):
            user = await find_or_create_staff_account(self._stores, person, now)
        if user is None:
            raise Problem(401, "This link does not work, or was used before. Ask for a new one.")
        return await self._authenticator.sign_in_by_link(request, user)

    def _staff(self, address: str) -> Person | None:
        address = address.strip()[:320]
        person = self._directory.person(address) if self._directory.is_internal(address) else None
        return person if person is not None and self._is_staff(person) else None

    def _is_staff(self, person: Person) -> bool:
        return (
            Role.STAFF in person.roles
            and Role.STUDENT not in person.roles
            and "@" in person.address
            and self._directory.is_internal(person.address)
        )

    def _require_enabled(self) -> None:
        if not self.enabled:
            raise Problem(404, "There is no such page.")
