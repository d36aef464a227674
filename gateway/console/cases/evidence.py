"""The evidence pack of a case: the messages as they came, why and by whom they were decided, and the proof of it all.

A zip file that needs nothing of ours to be read or checked: a page for people, JSON for programs, and the verifier.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from mimetypes import guess_extension
from pathlib import Path
from typing import IO

from gateway.console.cases.service import CaseReading, names_of, reading
from gateway.console.cases.zip_stream import ZipStream, large_file
from gateway.console.messages.names import Names, PairView, PersonView
from gateway.console.messages.view import ClauseReason, PartView, clause_reasons, marked_subject, part_views
from gateway.console.policy.version import PolicyVersion, policy_of
from gateway.console.service import Desk
from gateway.console.templating import Pages
from gateway.console.web import labels as words
from gateway.console.web.errors import Problem, not_found
from gateway.core.accounts.account import User
from gateway.core.audit.chain import ChainedEntry
from gateway.core.cases.case import OUTCOMES
from gateway.core.messages.media import media_parts
from gateway.core.messages.message import Channel
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.transitions import POLICY
from gateway.core.review.json_rows import trace_row
from gateway.core.review.views import MessageDetail
from gateway.core.serialization.json_fields import rfc3339
from gateway.core.serialization.wire import encode_verdict

_VERIFIER = Path(__file__).with_name("verify_evidence.py")
_STYLE = Path(__file__).parents[1] / "static" / "evidence.css"
_LINKED_WITHIN = 3.0
"""Seconds that an export waits until the audit rows it needs are linked."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One message of the pack; `file` is where its content is, "" where that is gone."""

    explained: MessageDetail
    file: str
    title: object
    parts: Sequence[PartView]
    clause_reasons: Sequence[ClauseReason]
    sender: PersonView
    recipients: Sequence[tuple[object, PersonView]]
    between: Sequence[PairView]
    acts: Sequence[AuditEntry]
    then: PolicyVersion  # the policy that it was decided by


async def pack(desk: Desk, shown: Pages, user: User, case_id: int) -> tuple[ZipStream, str]:
    """The zip file of a case and the hash of its manifest, which the audit log names too. Message by message."""
    found = await reading(desk, user, case_id)
    if (await names_of(desk, user, found)).hidden:
        raise Problem(403, "The evidence names people: open the names on the page of the case first.")
    for id_ in found.file.messages:
        await desk.explained(user, id_, f"evidence of case {case_id}")  # on record before the rows are taken
    linked, waiting = await _linked(desk, [found.file.subject, *found.file.messages])
    acts = sorted((*(each.act for each in linked), *waiting), key=lambda act: act.at)
    now = await desk.store.now()
    head = {
        "v": 1, "case": found.file.id, "district": desk.house.district, "exported_at": rfc3339(now),
        "exported_by": user.name, "time_zone": str(desk.house.zone),
    }  # fmt: skip
    packing = ZipStream()
    try:
        with large_file() as page:
            values = {
                "file": found.file, "head": head, "now": now, "timeline": acts, "outcomes": OUTCOMES,
                "rows": len(linked), "waiting": len(waiting), "count": len(found.file.messages),
            }  # fmt: skip
            page.write(shown.text("evidence_head.html", **values).encode())
            policies: dict[str, PolicyVersion] = {}
            for number, id_ in enumerate(found.file.messages, 1):
                exhibit = await _exhibit(desk, id_, [act for act in acts if act.subject == id_])
                policies[exhibit.explained.policy] = exhibit.then
                await asyncio.to_thread(_add, packing, exhibit)
                text = await asyncio.to_thread(shown.text, "evidence_exhibit.html", each=exhibit, number=number)
                await asyncio.to_thread(page.write, text.encode())
            page.write(shown.text("evidence_tail.html", **values).encode())
            digest = await asyncio.to_thread(_finish, packing, page, found, policies, linked, waiting, head)
    except BaseException:
        packing.close()
        raise
    detail = {"manifest": digest, "messages": list(found.file.messages)}
    await desk.store.record([AuditEntry(now, user.name, "evidence exported", found.file.subject, detail)])
    return packing, digest


async def _linked(desk: Desk, subjects: Sequence[str]) -> tuple[Sequence[ChainedEntry], Sequence[AuditEntry]]:
    """The audit rows of subjects, linked ones and what could not be linked in time."""
    clock = asyncio.get_running_loop().time
    end = clock() + _LINKED_WITHIN
    while True:
        linked, waiting = await desk.store.acts_of(subjects)
        if not waiting or clock() > end:
            return linked, waiting
        await asyncio.sleep(0.1)


async def _exhibit(desk: Desk, id_: str, acts: Sequence[AuditEntry]) -> Exhibit:
    """One message as it was decided: by the policy of that time, and with the words of its files."""
    explained = await desk.store.explained(id_)
    if explained is None:
        raise not_found(id_)
    decided = [act.at for act in acts if act.act == "decided" and act.actor == POLICY]
    then = await policy_of(desk, explained.policy, decided[-1] if decided else None)
    files = await desk.files.texts(await asyncio.to_thread(explained.parts))

    def exhibit() -> Exhibit:
        trace, policy, names = explained.trace, then.policy, Names(desk.register)
        ending = "eml" if explained.channel is Channel.MAIL else "txt"
        return Exhibit(
            explained,
            f"messages/{trace.id}.{ending}" if explained.content else "",
            marked_subject(explained, policy, names),
            part_views(explained, policy, names, files),
            [each for each in clause_reasons(explained, policy, names, files, kept=then.kept) if each.counts],
            names.person(trace.sender),
            [(each, names.person(each.address)) for each in trace.recipients],
            names.pairs(trace.relation.pairs, groups=True),
            acts,
            then,
        )

    return await asyncio.to_thread(exhibit)


def _add(packing: ZipStream, exhibit: Exhibit) -> None:
    """The files of one message."""
    id_ = exhibit.explained.trace.id
    if exhibit.file:
        packing.add(exhibit.file, exhibit.explained.content)
    for part, content in _media(exhibit.explained):
        packing.add(f"messages/{id_}.{part}", content)
    packing.add(f"messages/{id_}.json", _json(_record(exhibit)))


def _finish(
    packing: ZipStream, page: IO[bytes], found: CaseReading, policies: Mapping[str, PolicyVersion],
    linked: Sequence[ChainedEntry], waiting: Sequence[AuditEntry], head: Mapping[str, object],
) -> str:  # fmt: skip
    packing.add_from("index.html", page)
    packing.add("evidence.css", _STYLE.read_bytes())
    packing.add("README.txt", _README.encode())
    packing.add("verify.py", _VERIFIER.read_bytes())
    packing.add("case.json", _json(_case(found)))
    for hash_, then in policies.items():
        if hash_ and then.source is not None:
            packing.add(f"policies/{hash_}.toml", then.source.encode())
        if hash_ and then.adopted:
            packing.add(f"policies/{hash_}.md", then.adopted.encode())
    packing.add("audit.jsonl", b"".join(_json(each.document()) for each in linked))
    if waiting:
        packing.add("audit_not_linked_yet.jsonl", b"".join(_json(_act(each)) for each in waiting))
    return packing.finish(head)


def _media(explained: MessageDetail) -> Iterator[tuple[str, bytes]]:
    """The pictures and files of a text, by the part that the verdict and the page name them by."""
    for part in media_parts(explained.media):
        if part.data:
            ending = ".txt" if part.media_type == "text/html" else guess_extension(part.media_type)
            yield f"{part.number}{ending or '.bin'}", part.data


def _record(exhibit: Exhibit) -> dict[str, object]:
    """One message for programs: where it went and why, the verdict as it was recorded, who was behind the addresses."""
    explained, trace = exhibit.explained, exhibit.explained.trace
    return {
        **trace_row(trace),
        "file": exhibit.file or None,
        "received_at": rfc3339(trace.received_at),
        "reasons": list(trace.reasons),
        "policy": explained.policy,
        "decisions": [
            {
                "recipient": each.address, "state": each.state, "since": rfc3339(each.at), "by": each.decided_by,
                "at": None if each.decided_at is None else rfc3339(each.decided_at),
            }
            for each in trace.recipients
        ],
        "pairs": [
            {"staff": pair.staff, "student": pair.student, "direction": pair.direction, "own_child": pair.own_child,
             "outside": pair.outside, "recipient": pair.recipient}
            for pair in trace.relation.pairs
        ],
        "people": {who.address: who.name for who in (exhibit.sender, *(each[1] for each in exhibit.recipients))},
        "verdict": json.loads(encode_verdict(explained.verdict)) if explained.verdict else None,
        "acts": [_act(each) for each in exhibit.acts],
    }  # fmt: skip


def _case(found: CaseReading) -> dict[str, object]:
    file = found.file
    return {
        "id": file.id, "title": file.title, "severity": file.severity, "assignee": file.assignee,
        "due_at": None if file.due_at is None else rfc3339(file.due_at), "opened_by": file.opened_by,
        "opened_at": rfc3339(file.opened_at), "outcome": file.outcome, "closed_by": file.closed_by,
        "closed_at": None if file.closed_at is None else rfc3339(file.closed_at), "messages": list(file.messages),
        "legal_holds": [
            {"message": each.message, "reason": each.reason, "by": each.by, "at": rfc3339(each.at)}
            for each in found.holds.values()
        ],
    }  # fmt: skip


def _act(act: AuditEntry) -> dict[str, object]:
    return {
        "at": rfc3339(act.at), "actor": act.actor, "act": act.act, "subject": act.subject, "detail": dict(act.detail),
        "in_words": words.act_words(act),
    }  # fmt: skip


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode() + b"\n"


_README = """Evidence of one case, exported by Chaperone, the message gateway of a school district.

index.html        everything on one page, to be opened in any browser, without a network
messages/         each message byte for byte as it came (.eml, or .txt for a text, with its pictures and files),
                  and a .json with what was found in it, what was decided, by whom and why
policies/         the policy files that the decisions were made under, by their hash (.toml), and the text that the
                  district had adopted then (.md)
case.json         the case itself; times in these files are UTC, and on the page those of the district
audit.jsonl       the rows of the audit log about the case and its messages; each carries the hash that
                  links it to the row before it
manifest.json     the SHA-256 of every file here, and of all of these together
verify.py         checks all of it, offline, with Python 3.8 or newer and nothing else:

    python3 verify.py                       in this folder
    python3 verify.py PACK.zip              the zip file as it was handed over
    python3 verify.py PACK.zip --expect H   H: the manifest's hash in the gateway's audit log ("evidence exported")

It says "Whole" and ends with 0, or names what was changed, is missing or was added, and ends with 1. A pack that is
whole proves that nothing was changed since it was made; that it was made by the gateway is proved by --expect.
"""
