"""Cases: who may see and change them, and what happened in each. Notes are entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.mask_names import NameMasking
from gateway.console.messages.names import Names
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import (
    MAX_MESSAGES,
    OUTCOMES,
    SEVERITIES,
    CaseDraft,
    CaseFile,
    LegalHold,
    case_changes,
    case_subject,
    note_entry,
)
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.escalation import Escalation
from gateway.core.review.views import Trace
from gateway.ports.accounts import AccountStore
from gateway.ports.audit import AuditStore, AuditTrailStore
from gateway.ports.cases import CaseStore, LegalHoldStore
from gateway.ports.clock import StoreClock

PAGE_SIZE = 100
"""Cases of one page of a list."""
MAX_ID = 1 << 62
_CLOSED = "This case is closed: open it again first."
_TOO_MANY = f"A case has at most {MAX_MESSAGES} messages: open a second one."


@dataclass(frozen=True, slots=True)
class CaseReading:
    """A case with its messages, its timeline (oldest first), the legal holds by message, and its people.

    `names` shows the people as the account may see them.
    """

    file: CaseFile
    traces: Sequence[Trace]
    timeline: Sequence[AuditEntry]
    holds: dict[str, LegalHold]
    names: Names


class CaseService:
    """Cases for accounts that may see all of their messages. Every change is in the audit log."""

    def __init__(
        self, authorization: Authorization, names: NameAccess, masking: NameMasking, directory: ConsoleDirectory,
        clock: StoreClock, cases: CaseStore, legal_holds: LegalHoldStore, accounts: AccountStore, audit: AuditStore,
        audit_trail: AuditTrailStore,
    ) -> None:  # fmt: skip
        self._authorization, self._names, self._masking, self._directory = authorization, names, masking, directory
        self._clock, self._cases, self._legal_holds, self._accounts = clock, cases, legal_holds, accounts
        self._audit, self._audit_trail = audit, audit_trail

    # reading

    async def visible_case(self, user: User, case_id: int) -> CaseFile:
        """A case. Raises a Problem if it is unknown, of another building, or about the account's person."""
        await self._authorization.require(user, Right.CONTENT, case_subject(case_id))
        file = await self._cases.find(case_id) if 0 < case_id < MAX_ID else None
        if file is None or not await self._authorization.sees_case(user, file):
            raise Problem(404, f"There is no case {case_id} that you can see.")
        return file

    async def case_to_change(self, user: User, case_id: int) -> CaseFile:
        """A case that the account may change. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE, case_subject(case_id))
        return await self.visible_case(user, case_id)

    async def page(
        self, user: User, *, closed: bool, before: int = MAX_ID, limit: int = PAGE_SIZE
    ) -> list[CaseFile]:  # fmt: skip
        """Open or closed cases that the account may see, newest first. Fewer than `limit`: there are no more."""
        await self._authorization.require(user, Right.CONTENT)
        visible: list[CaseFile] = []
        while len(visible) < limit:
            files = await self._cases.page(closed=closed, before=before, limit=limit)
            visible += await self._authorization.visible_cases(user, files)
            if len(files) < limit:
                break
            before = files[-1].id
        return await self._masking.mask_cases(user, visible[:limit])

    async def open_cases_without(self, user: User, message_id: str) -> list[CaseFile]:
        """The newest open cases to which the account could add a message, as a list shows them."""
        return [file for file in await self.page(user, closed=False) if message_id not in file.messages]

    async def read(self, user: User, case_id: int) -> CaseReading:
        """A case with everything that its page shows. Raises a Problem."""
        file = await self.visible_case(user, case_id)
        traces = await self._cases.traces(file.messages)
        linked, unlinked = await self._audit_trail.of_subjects([file.subject, *file.messages])
        timeline = sorted((*(row.entry for row in linked), *unlinked), key=lambda entry: entry.at)
        holds = dict(await self._legal_holds.of_messages(file.messages))
        in_order = [traces[id_] for id_ in file.messages if id_ in traces]
        return CaseReading(file, in_order, timeline, holds, await self._people(user, file, traces))

    async def masked_case(self, user: User, case_id: int) -> CaseFile:
        """A case with the names in its title masked, unless the account may see them. Raises a Problem."""
        file = await self.visible_case(user, case_id)
        if not self._authorization.hides_names(user):
            return file
        names = await self._people(user, file, await self._cases.traces(file.messages))
        return replace(file, title=names.hide(file.title))

    def hides_names(self, user: User) -> bool:
        """Whether names are hidden from the account until it reveals them."""
        return self._authorization.hides_names(user)

    async def reveal_names(self, user: User, case_id: int, reason: str) -> None:
        """Reveal the names of a case to the account. Raises a Problem without a reason."""
        await self._names.record(user, (await self.visible_case(user, case_id)).subject, reason)

    async def possible_assignees(self, file: CaseFile) -> list[str]:
        """The names of the accounts that could work on a case."""
        return [
            user.name
            for user in await self._accounts.list_all()
            if user.disabled_at is None and user.may(Right.DECIDE) and await self._authorization.sees_case(user, file)
        ]

    async def _people(self, user: User, file: CaseFile, traces: Mapping[str, Trace]) -> Names:
        if not self._authorization.hides_names(user) or await self._names.are_revealed(user, file.subject):
            return Names(self._directory)
        names = self._masking.case_names(file.messages, traces)
        await self._masking.add_headers([(names, traces[id_]) for id_ in file.messages if id_ in traces])
        return names

    # changing

    async def open(self, user: User, draft: CaseDraft, messages: Sequence[str]) -> int:
        """Open a case about messages. Returns its id. Raises a Problem."""
        await self._authorization.require(user, Right.DECIDE)
        ids = list(dict.fromkeys(messages))
        if len(ids) > MAX_MESSAGES:
            raise Problem(422, _TOO_MANY)
        await self._require_messages(user, ids)
        now = await self._clock.now()
        file = CaseFile(0, draft.title, draft.severity, draft.assignee, None, user.name, now, now, messages=tuple(ids))
        await self._check(draft, file)
        detail = {"title": draft.title, "severity": draft.severity, "assignee": draft.assignee, "due_at": draft.due_at}
        return await self._cases.open(draft, user.name, ids, detail, await self._notify(user, draft.assignee))

    async def change(self, user: User, case_id: int, draft: CaseDraft) -> None:
        """Change title, severity, assignee and due time. Raises a Problem."""
        file = await self.case_to_change(user, case_id)
        await self._check(draft, file)
        changes = case_changes(file, draft)
        if not changes:
            return
        entry = AuditEntry(await self._clock.now(), user.name, "case changed", file.subject, changes)
        notify = await self._notify(user, draft.assignee) if draft.assignee != file.assignee else ""
        if not await self._cases.change(case_id, draft, entry, notify):
            raise Problem(409, _CLOSED)

    async def add_messages(self, user: User, case_id: int, messages: Sequence[str]) -> tuple[str, ...]:
        """Add messages to a case. Returns those that were not in it. Raises a Problem."""
        file = await self.case_to_change(user, case_id)
        await self._require_messages(user, messages)
        if len({*file.messages, *messages}) > MAX_MESSAGES:
            raise Problem(422, _TOO_MANY)
        now = await self._clock.now()
        entries = [AuditEntry(now, user.name, "put into a case", id_, {"case": case_id}) for id_ in messages]
        entries.append(AuditEntry(now, user.name, "case changed", file.subject, {"added": list(messages)}))
        added = await self._cases.add_messages(case_id, messages, user.name, entries)
        if not added:
            raise Problem(409, _CLOSED if file.outcome else "The message is in this case already.")
        return added

    async def remove_message(self, user: User, case_id: int, message_id: str) -> None:
        """Remove a message from a case. The audit log keeps that it was there. Raises a Problem."""
        file = await self.case_to_change(user, case_id)
        now = await self._clock.now()
        entries = [
            AuditEntry(now, user.name, "taken out of a case", message_id, {"case": case_id}),
            AuditEntry(now, user.name, "case changed", file.subject, {"taken out": [message_id]}),
        ]
        if not await self._cases.remove_message(case_id, message_id, entries):
            raise Problem(409, _CLOSED if file.outcome else "The message is not in this case.")

    async def add_note(self, user: User, case_id: int, text: str) -> None:
        """Add a note to a case, open or closed. Raises a Problem."""
        file = await self.case_to_change(user, case_id)
        if not text:
            raise Problem(422, "The note is empty: write something.")
        await self._audit.record([note_entry(await self._clock.now(), user.name, file.subject, text)])

    async def close(self, user: User, case_id: int, outcome: str, reason: str) -> None:
        """Close a case. Raises a Problem."""
        file = await self.case_to_change(user, case_id)
        if outcome not in OUTCOMES:
            raise Problem(422, f"The outcome is one of {', '.join(OUTCOMES)}.")
        if not reason:
            raise Problem(422, "Say in a few words how it ended: what was done, and who was informed.")
        await self._set_outcome(user, file, outcome, reason, "case closed", "The case has this outcome already.")

    async def reopen(self, user: User, case_id: int, reason: str) -> None:
        """Open a closed case again. Raises a Problem."""
        file = await self.case_to_change(user, case_id)
        await self._set_outcome(user, file, "", reason, "case opened again", "This case is open.")

    async def _set_outcome(
        self, user: User, file: CaseFile, outcome: str, reason: str, act: str, conflict: str
    ) -> None:  # fmt: skip
        detail = {"outcome": outcome, "reason": reason}
        entry = AuditEntry(await self._clock.now(), user.name, act, file.subject, detail)
        if not await self._cases.set_outcome(file.id, outcome, user.name, entry):
            raise Problem(409, conflict)

    async def _require_messages(self, user: User, messages: Sequence[str]) -> None:
        for id_ in messages:
            await self._authorization.message_to_decide(user, id_, "case")

    async def _check(self, draft: CaseDraft, file: CaseFile) -> None:
        """Raise a Problem if the values of a draft are not valid."""
        if not draft.title:
            raise Problem(422, "The case needs a title: a few words, without names.")
        if draft.severity not in SEVERITIES:
            raise Problem(422, f"The severity is one of {', '.join(SEVERITIES)}.")
        if not draft.assignee:
            return
        known = await self._accounts.find(draft.assignee)
        eligible = known is not None and known[0].disabled_at is None and known[0].may(Right.DECIDE)
        assigned = replace(file, assignee=draft.assignee)
        if known is None or not eligible or not await self._authorization.sees_case(known[0], assigned):
            raise Problem(422, f"{draft.assignee} cannot work on this case: choose an account that sees its messages.")

    async def _notify(self, user: User, assignee: str) -> str:
        """The address that is informed of an assignment; "" for nobody, oneself, and accounts without an address."""
        known = await self._accounts.find(assignee) if assignee not in ("", user.name) else None
        return Escalation((), (), self._directory).address(known[0]) if known is not None else ""
