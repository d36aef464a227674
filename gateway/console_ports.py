"""The ports of the console: what its pages and its API ask of the store beside the ports of the stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.account import Session, Token, User
from gateway.core.audit import Linked
from gateway.core.casework import Assignment, CaseDraft, CaseFile, LegalHold, Proposal
from gateway.core.decision import Act, Followup
from gateway.core.grant import Grant
from gateway.core.moderation import Beginning, Held, Neighbour, Noticed, Trace
from gateway.core.report import Holding


class Recall(Protocol):
    """Decisions of a person, taken back while nothing of them has left."""

    async def recall(self, message_id: str, by: str, act: Act) -> tuple[str, ...]:
        """Hold again what `by` released, rejected or discarded `after` some seconds that have not passed.

        The recipients that are held again; what was to follow goes, and the act is recorded, in one transaction.
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked under an idempotency key (a hash), and what was answered; no status: it is being answered."""

    request: str
    status: int | None
    body: str


LATE_CHANGES = 1000
"""Changes of the queue that may still be committing while a later one is seen."""


class Beginnings(Protocol):
    """The header sections of messages."""

    async def beginnings(self, ids: Collection[str]) -> Mapping[str, Beginning]:
        """Those of many messages at once."""


class Lists(Protocol):
    """What the console lists beside the queue, and what it remembers of it."""

    async def held_mark(self) -> tuple[int, int]:
        """The number of the newest change of the queue, and something that tells of late ones: it changes with each."""

    async def held_changes(self, after: int) -> Sequence[tuple[int, str]]:
        """Changes of the queue with a higher number: that, and the id of the message."""

    async def noticed(self, action: str, since: float, before: tuple[float, str], limit: int) -> Sequence[Noticed]:
        """Delivered messages whose action is alert or flag, or hold where it came too late; the newest first.

        `before`: a place (`decided_at` and id) that the list goes on behind.
        """

    async def sent_by(self, addresses: Sequence[str]) -> Sequence[Trace]:
        """Where the messages are that came from some addresses, the newest first."""

    async def around(self, message_id: str, each_side: int) -> Sequence[Neighbour]:
        """The conversations of a message around it, in order of time, itself included; so many before and after it."""

    async def further(
        self, message_id: str, beyond: tuple[float, str], limit: int, *, earlier: bool
    ) -> Sequence[Neighbour]:
        """The conversations of a message beyond a place (time and id) in them, the nearest, in order of time."""

    async def acts_about(self, subject: str, limit: int) -> Sequence[Act]:
        """What the audit log says of one subject, the newest first, linked or not."""

    async def done_about(self, subject: str, limit: int) -> Sequence[Act]:
        """The same without views of content: however often something is read, what was done stays in sight."""

    async def views_of(self, subject: str, limit: int) -> Sequence[Act]:
        """The views of content alone."""

    async def history(self, subject: str, after: int, limit: int) -> Sequence[tuple[int, Act]]:
        """The same from its beginning, views too, behind a place: each with its own place, a number that only grows."""

    async def newest_acts(self, before: int, limit: int) -> Sequence[Linked]:
        """Linked rows of the audit log with a number below `before`, the newest first."""

    async def decided(self, since: float, before: tuple[float, str], limit: int) -> Sequence[Noticed]:
        """Messages that people decided on since a time, the newest first; `before`: as above."""

    async def ask(self, user: str, key: str, request: str) -> Answer | None:
        """Reserve an idempotency key of a user; what is known of it where it was used before."""

    async def answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """Remember the answer to a request; None: forget it, for nothing came of it."""


class Secrets(Protocol):
    """What the console keeps to itself."""

    async def secret(self, name: str) -> bytes:
        """A secret of a name, made when it is first asked for."""


class Calls(Protocol):
    """Calls for help: who has taken them up, which kinds of help they ask for, and whether they were any."""

    async def calls_mark(self) -> object:
        """Something that changes whenever a call for help comes, is taken up or given back."""

    async def waiting_calls(self, limit: int) -> Sequence[Noticed]:
        """Calls for help that nobody has taken up, however old, the oldest first."""

    async def acknowledge(self, message_id: str, name: str, act: Act) -> str | None:
        """Note who took a call for help up; None when done, else who had before."""

    async def give_back(self, message_id: str, name: str | None, act: Act) -> bool:
        """Nobody has taken a call up any more; False where not `name` had (None: whoever had it)."""

    async def taken_up(self, message_id: str) -> tuple[str, float] | None:
        """Who has taken a call up, and when; None for nobody."""

    async def kinds_of(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Of messages, by id, the kinds of help that their words ask for, the surest first."""

    async def judge_call(self, message_id: str, right: bool, act: Act) -> None:
        """Keep what a person says of an alert; what was said last counts."""

    async def judged_calls(self, after: str, limit: int) -> Sequence[tuple[str, bool]]:
        """Messages of which that was said, in order of their ids behind `after`, and whether the alert was right."""


class Accounts(Protocol):
    """Accounts of the console. Every change is written with its entry of the audit log.

    `digest` is the hash of a session's or token's secret, `failures_of` that of the name which was tried.
    """

    async def add_user(self, user: User, password_hash: str, act: Act) -> bool:
        """False where the name is taken."""

    async def user(self, name: str) -> tuple[User, str] | None:
        """An account with its password hash, disabled ones too."""

    async def users(self) -> Sequence[User]:
        """Every account, by name."""

    async def set_password(
        self, name: str, password_hash: str, act: Act, *, keep: str = "", tokens: bool = False
    ) -> bool:  # fmt: skip
        """Change a password and end the account's sessions but that of a hash, and its tokens where `tokens` asks.

        False for an unknown name.
        """

    async def disable(self, name: str, act: Act) -> bool:
        """End an account, its sessions and its tokens; False where there was nothing to end."""

    async def sign_in(
        self, digest: str, name: str, lasts: float, failures_of: str, client: str, act: Act | None, *,
        way: str = "", place: str = "",
    ) -> None:  # fmt: skip
        """Begin a session that ends after `lasts` seconds; earlier failures of this name from there are forgiven.

        `way`: by what it was opened; `place`: from where, in coarse words. Without an act it only waits for the second
        step, and nothing is forgiven.
        """

    async def session(self, digest: str) -> Session | None:
        """A session of an account that is not disabled; the caller looks at its times."""

    async def touch(self, digest: str) -> None:
        """A session was used."""

    async def sign_out(self, digest: str, act: Act) -> None:
        """End a session."""

    async def refused_sign_in(self, failures_of: str, client: str, act: Act) -> None:
        """Count a sign-in that was refused."""

    async def failures(self, failures_of: str, client: str, since: float) -> tuple[int, int, int]:
        """How many sign-ins were refused since a time: under this name from there, under this name, from there."""

    async def add_token(self, digest: str, token: Token, act: Act) -> None:
        """Keep a new token."""

    async def token(self, digest: str) -> tuple[User, Token] | None:
        """A token with its account, unless that is disabled; the caller looks at its times."""

    async def token_used(self, digest: str) -> None:
        """A token was used."""

    async def tokens(self) -> Sequence[Token]:
        """Every token, by account."""

    async def revoke_token(self, id_: str, act: Act) -> str | None:
        """End a token by its id; whose it was, None where there is none."""


# --- reviewing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Handled:
    """What people have said of a message before it is decided."""

    assignment: Assignment | None = None
    proposal: Proposal | None = None


class Handling(Protocol):
    """Who has taken which held message, second opinions, saved views, and the policies that were in force."""

    async def handled(self) -> Mapping[str, Handled]:
        """What is known of held messages, by id; those of which nothing is are left out."""

    async def handled_of(self, message_id: str) -> Handled:
        """What is known of one message."""

    async def assign(self, message_id: str, assignment: Assignment, instead_of: str | None, act: Act) -> str | None:
        """Give a message to somebody; None when done, else who has it: nothing changed then.

        `instead_of`: who is known to have it ("" for nobody); None: whoever has it.
        """

    async def propose(self, message_id: str, proposal: Proposal, act: Act) -> Proposal:
        """Wait for a second person; the proposal that stands, which is another's where one stood before."""

    async def withdraw(self, message_id: str, act: Act | None) -> bool:
        """Take a proposal away; without an act: it was carried out."""

    async def views(self, user: str) -> Mapping[str, str]:
        """The saved views of an account: name and query."""

    async def save_view(self, user: str, name: str, query: str | None) -> bool:
        """Keep a view under a name, or drop it; False where there would be too many."""

    async def keep_policy(self, hash_: str, source: str, adopted: str) -> None:
        """Remember a policy that is in force, with the district's own text."""

    async def policy_source(self, hash_: str) -> str | None:
        """The policy file of a hash; None where it was never in force here."""

    async def policy_text(self, hash_: str, at: float | None) -> tuple[str | None, str]:
        """The policy file of a hash, None where it was never in force, and the district's text beside it at a time."""


Letters = Callable[[Sequence[tuple[str, str]]], tuple[Sequence[Followup], Sequence[Act]]]
"""Which letters and acts follow from the steps that are told now."""


class Reminders(Protocol):
    """People are told once of each step: a due time that nears or has passed, a call for help, a day's digest."""

    async def due_before(self, before: float, limit: int) -> Sequence[Held]:
        """Held messages that are due before a time, the latest due first."""

    async def told(self, message_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """The steps that were told of these messages ("" stands for all of them), as (message, step)."""

    async def tell(self, steps: Sequence[tuple[str, str]], letters: Letters) -> Sequence[tuple[str, str]]:
        """Claim steps and write what `letters` makes of those that nobody had claimed, in one transaction."""


class Cases(Protocol):
    """Cases, their messages, and legal holds. Every change is written with its entries of the audit log."""

    async def open_case(
        self, draft: CaseDraft, by: str, messages: Sequence[str], detail: Mapping[str, object], to: str = ""
    ) -> int:
        """A new case; its id. `to`: an address that is told of it, "" for nobody's."""

    async def case(self, case_id: int) -> CaseFile | None:
        """One case with its messages."""

    async def cases(self, *, closed: bool, before: int, limit: int) -> Sequence[CaseFile]:
        """Open or closed cases with an id below `before`, the newest first."""

    async def cases_due(self, before: float, limit: int) -> Sequence[CaseFile]:
        """Open cases that are due before a time, the latest due first."""

    async def named(self, message_ids: Collection[str]) -> Mapping[str, Trace]:
        """Where messages are, by id."""

    async def cases_of(self, message_id: str) -> Sequence[CaseFile]:
        """The cases that name a message."""

    async def change_case(self, case_id: int, draft: CaseDraft, act: Act, to: str = "") -> bool:
        """Change an open case; False where there is none. `to`: an address that is told of it."""

    async def add_to_case(self, case_id: int, messages: Sequence[str], by: str, acts: Sequence[Act]) -> tuple[str, ...]:
        """Add messages to an open case; those that were not there."""

    async def take_from_case(self, case_id: int, message_id: str, acts: Sequence[Act]) -> bool:
        """Take a message out of an open case."""

    async def end_case(self, case_id: int, outcome: str, by: str, act: Act) -> bool:
        """Close a case, or with the outcome "" open it again; False where it is so already."""

    async def place_holds(self, holds: Sequence[LegalHold], acts: Sequence[Act]) -> tuple[str, ...]:
        """Put messages under legal hold; those that were not. An act is written for each of these, by its subject."""

    async def lift_holds(self, messages: Sequence[str], acts: Sequence[Act]) -> tuple[str, ...]:
        """Lift legal holds; those that there were."""

    async def holds(self, messages: Sequence[str]) -> Mapping[str, LegalHold]:
        """The legal holds of messages."""

    async def acts_of(self, subjects: Sequence[str]) -> tuple[Sequence[Linked], Sequence[Act]]:
        """What the audit log says of subjects, the oldest first: linked rows, and those not linked yet."""


class Grants(Protocol):
    """Content that is granted to auditors. Every change is written with its entry of the audit log."""

    async def grant(self, grant: Grant, act: Act) -> int:
        """A new grant; its number."""

    async def granted_to(self, user: str) -> Sequence[Grant]:
        """The grants of an account that hold now."""

    async def grants(self, before: int, limit: int) -> Sequence[Grant]:
        """Every grant with a number below `before`, the newest first."""

    async def granted(self, id_: int) -> Grant | None:
        """One grant."""

    async def end_grant(self, id_: int, by: str, act: Act) -> bool:
        """End a grant now; False where none holds under this number."""


# --- reports ----------------------------------------------------------------------------------------------------------


class Reports(Protocol):
    """What reports and the page of the policy read."""

    async def holdings(self, since: float, before: float, limit: int) -> Sequence[Holding]:
        """What the policy held of what came in a time, the newest first."""

    async def volume(self, since: float, before: float) -> Counter[tuple[str, str]]:
        """How many copies came in a time, by channel and action."""

    async def policy_versions(self) -> Sequence[tuple[str, str, str, float, float]]:
        """Policies that are or were in force: hash, file, the district's text, since and until when; newest first."""
