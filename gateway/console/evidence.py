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

from gateway.console import words
from gateway.console.casework import CaseReading, names_of, reading
from gateway.console.desk import Desk
from gateway.console.names import Between, Names, Someone
from gateway.console.problems import Problem
from gateway.console.reading import Shown, Why, shown_parts, shown_subject, why
from gateway.console.render import Pages
from gateway.console.verify import MANIFEST, manifest_of, zipped
from gateway.core.account import User
from gateway.core.audit import Linked
from gateway.core.casework import OUTCOMES
from gateway.core.decision import Act
from gateway.core.fields import rfc3339
from gateway.core.media import media_parts
from gateway.core.message import Channel
from gateway.core.moderation import Explained
from gateway.core.rows import trace_row
from gateway.core.wire import encode_verdict

_VERIFIER = Path(__file__).with_name("verify.py")
_STYLE = Path(__file__).parent / "static" / "evidence.css"
_LINKED_WITHIN = 3.0
"""Seconds that an export waits until the audit rows it needs are linked."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One message of the pack; `file` is where its content is, "" where that is gone."""

    explained: Explained
    file: str
    title: object
    parts: Sequence[Shown]
    why: Sequence[Why]
    sender: Someone
    recipients: Sequence[tuple[object, Someone]]
    between: Sequence[Between]
    acts: Sequence[Act]
    policy_kept: bool


async def pack(desk: Desk, shown: Pages, user: User, case_id: int) -> tuple[bytes, str]:
    """The zip file of a case and the hash of its manifest, which the audit log names too."""
    found = await reading(desk, user, case_id)
    if (await names_of(desk, user, found)).hidden:
        raise Problem(403, "The evidence names people: open the names on the page of the case first.")
    explained = []
    for id_ in found.file.messages:
        each = await desk.explained(user, id_, f"evidence of case {case_id}")
        explained.append(each)
    linked, waiting = await _linked(desk, [found.file.subject, *found.file.messages])
    hashes = dict.fromkeys(filter(None, [*(each.policy for each in explained), desk.policy().hash]))
    sources = {hash_: await desk.store.policy_source(hash_) for hash_ in hashes}
    now = await desk.store.now()
    content, digest = await asyncio.to_thread(
        _packed, desk, shown, user, found, explained, linked, waiting, sources, now
    )  # fmt: skip
    detail = {"manifest": digest, "messages": list(found.file.messages)}
    await desk.store.record([Act(now, user.name, "evidence exported", found.file.subject, detail)])
    return content, digest


async def _linked(desk: Desk, subjects: Sequence[str]) -> tuple[Sequence[Linked], Sequence[Act]]:
    """The audit rows of subjects, linked ones and what could not be linked in time."""
    clock = asyncio.get_running_loop().time
    end = clock() + _LINKED_WITHIN
    while True:
        linked, waiting = await desk.store.acts_of(subjects)
        if not waiting or clock() > end:
            return linked, waiting
        await asyncio.sleep(0.1)


def _packed(
    desk: Desk, shown: Pages, user: User, found: CaseReading, explained: Sequence[Explained],
    linked: Sequence[Linked], waiting: Sequence[Act], sources: Mapping[str, str | None], now: float,
) -> tuple[bytes, str]:  # fmt: skip
    acts = sorted((*(each.act for each in linked), *waiting), key=lambda act: act.at)
    exhibits = [_exhibit(desk, each, acts, sources) for each in explained]
    head = {
        "v": 1, "case": found.file.id, "district": desk.house.district, "exported_at": rfc3339(now),
        "exported_by": user.name,
    }  # fmt: skip
    files: dict[str, bytes] = {
        "index.html": shown.text(
            "evidence.html", file=found.file, exhibits=exhibits, head=head, now=now, timeline=acts, holds=found.holds,
            outcomes=OUTCOMES, sources=sources, rows=len(linked), waiting=len(waiting),
        ).encode(),
        "evidence.css": _STYLE.read_bytes(),
        "README.txt": _README.encode(),
        "verify.py": _VERIFIER.read_bytes(),
        "case.json": _json(_case(found)),
    }  # fmt: skip
    for each in exhibits:
        id_ = each.explained.trace.id
        if each.file:
            files[each.file] = each.explained.content
        files |= {f"messages/{id_}.{part}": content for part, content in _media(each.explained)}
        files[f"messages/{id_}.json"] = _json(_record(each))
    for hash_, source in sources.items():
        if source is not None:
            files[f"policies/{hash_}.toml"] = source.encode()
    files["audit.jsonl"] = b"".join(_json(each.document()) for each in linked)
    if waiting:
        files["audit_not_linked_yet.jsonl"] = b"".join(_json(_act(each)) for each in waiting)
    files[MANIFEST] = manifest_of(files, head)
    return zipped(files), str(json.loads(files[MANIFEST])["manifest"])


def _exhibit(desk: Desk, explained: Explained, acts: Sequence[Act], sources: Mapping[str, str | None]) -> Exhibit:
    trace, policy, names = explained.trace, desk.policy(), Names(desk.register)
    ending = "eml" if explained.channel is Channel.MAIL else "txt"
    return Exhibit(
        explained,
        f"messages/{trace.id}.{ending}" if explained.content else "",
        shown_subject(explained, policy, names),
        shown_parts(explained, policy, names),
        [each for each in why(explained, policy, names) if each.counts],
        names.someone(trace.sender),
        [(each, names.someone(each.address)) for each in trace.recipients],
        names.between(trace.relation.pairs, groups=True),
        [act for act in acts if act.subject == trace.id],
        sources.get(explained.policy) is not None,
    )


def _media(explained: Explained) -> Iterator[tuple[str, bytes]]:
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
            {"recipient": each.address, "state": each.state, "by": each.decided_by, "at": rfc3339(each.at)}
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


def _act(act: Act) -> dict[str, object]:
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
policies/         the policy files that the decisions were made under, by their hash
case.json         the case itself
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
