"""Records on the bus: stable format, limits, and invalid records."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.message import EarlierMessage, OutgoingMessage, Recipient
from gateway.core.messages.parties import Relation
from gateway.core.messages.verdict import Finding, Span, Verdict
from gateway.core.serialization import wire
from tests.core.samples import CONTENT, NOW, OTHER, S2S, STUDENT, message, names, pair, pairs, times, verdicts, words

GOLDEN = Path(__file__).parent / "golden"
VERDICT = Verdict(
    id="01m00000000000000000000000",
    sha256="ab" * 32,
    model="2026.11",
    language="en",
    findings=(
        Finding("7a", 0.93, "prohibited", (Span("1", 4, 20), Span("subject", 0, 3)), cue="our secret"),
        Finding("8", 0.5, "confidential", quoted=True, about="s9"),
    ),
    purpose={"personal": 0.75, "academic": 0.25},
    help=0.015625,
    failed=("language",),
    took_ms=12.5,
)
OUTGOING = OutgoingMessage(
    message(pairs=(pair(), pair(OTHER, "t0", "s2", S2S, own_child=True))),
    (EarlierMessage("01k00000000000000000000000", "avery@students.riverbend.example", NOW - 60, "Is it on Thursday?"),),
)
DECIDED = wire.DecisionRecord(
    "01m00000000000000000000000", NOW, "hold", "policy", ("7a",), (STUDENT,), "cd" * 32, reason="no_verdict"
)


def golden(name: str, value: bytes) -> bytes:
    """The file as it was once written; a file that is new is written by hand, never by this test."""
    assert json.loads(value) == json.loads((GOLDEN / name).read_bytes())
    return (GOLDEN / name).read_bytes()


def test_message_of_version_1():
    record = wire.message_record(OUTGOING, max_inline=10_000)
    header = golden("message_v1.json", record.header)
    assert record.value == CONTENT
    assert record.key == conversation_id("t0", "s2").encode()
    read = wire.decode_message(record.value, header)
    assert read.content == CONTENT
    assert read.relation == OUTGOING.message.relation
    assert read.context == OUTGOING.context
    assert (read.direction, read.received_at, read.channel) == (S2S, NOW, MAIL)


def test_verdict_of_version_1():
    assert wire.decode_verdict(golden("verdict_v1.json", wire.encode_verdict(VERDICT))) == VERDICT


def test_decision_of_version_1():
    assert wire.decode_decision(golden("decision_v1.json", wire.encode_decision(DECIDED))) == DECIDED


def test_optional_fields_are_left_out():
    plain = replace(VERDICT, findings=(Finding("6", 0.25, "purpose"),))
    assert set(json.loads(wire.encode_verdict(plain))["findings"][0]) == {"clause", "score", "spans", "by"}
    assert "reason" not in json.loads(wire.encode_decision(replace(DECIDED, reason="")))
    assert "context" not in json.loads(wire.message_record(OutgoingMessage(message()), max_inline=10_000).header)


@given(verdicts)
def test_verdict_round_trip(verdict):
    assert wire.decode_verdict(wire.encode_verdict(verdict)) == verdict


@given(
    st.builds(
        wire.DecisionRecord, names, times, names, words, *[st.lists(words, max_size=3).map(tuple)] * 2, words, words
    )
)
def test_decision_round_trip(decided):
    assert wire.decode_decision(wire.encode_decision(decided)) == decided


@given(
    st.lists(pairs, min_size=1, max_size=5), st.binary(max_size=60),
    st.lists(st.builds(EarlierMessage, words, words, times, words), max_size=2), st.integers(0, 1500),
)  # fmt: skip
def test_message_round_trip(made, content, context, bound):
    outgoing = OutgoingMessage(message(content, tuple(made)), tuple(context))
    record = wire.message_record(outgoing, max_inline=bound)
    read = wire.decode_message(record.value, record.header)
    assert read.truncated == (b'"truncated":true' in record.header)
    assert read.truncated or len(record.value) + len(record.header) <= bound
    if read.truncated:
        assert (read.content, read.context) == (b"", ())
        assert set(read.relation.pairs) <= set(made)
    else:
        assert (read.content, read.context, read.relation) == (content, tuple(context), outgoing.message.relation)
    assert (read.id, read.sha256, read.received_at) == (outgoing.message.id, outgoing.message.sha256, NOW)


def test_message_is_truncated_above_the_limit():
    whole = wire.message_record(OUTGOING, max_inline=10_000)
    size = len(whole.value) + len(whole.header)
    assert wire.message_record(OUTGOING, max_inline=size) == whole
    cut = wire.message_record(OUTGOING, max_inline=size - 1)
    assert cut.value == b""
    assert cut.key == whole.key
    assert wire.decode_message(b"", cut.header).truncated


def test_truncated_message_omits_group_members_only():
    group = [pair("class@riverbend.example", "t1", f"s{number}") for number in range(40)]
    forged = [pair(OTHER, "t1", "s1"), pair(OTHER, "t2", "s1")]  # two staff identities, one student: no group
    outgoing = OutgoingMessage(message(pairs=(*group, *forged)))
    read = wire.decode_message(b"", wire.message_record(outgoing, max_inline=100).header)
    assert read.relation.pairs == tuple(forged)
    assert read.recipients == ("class@riverbend.example", OTHER)


def test_address_that_is_not_utf8_round_trip():
    odd = "a\udce9b@riverbend.example"
    outgoing = OutgoingMessage(message(pairs=(pair(odd),), recipients=(Recipient(odd),)))
    header = wire.message_record(outgoing, max_inline=10_000).header
    header.decode("utf-8")
    assert wire.decode_message(b"", header).recipients == (odd,)


def test_unknown_fields_are_accepted():
    for name, read in (("verdict_v1.json", wire.decode_verdict), ("decision_v1.json", wire.decode_decision)):
        known = json.loads((GOLDEN / name).read_bytes())
        assert read(json.dumps(known | {"later": {"a": [1]}}).encode()) == read(json.dumps(known).encode())


def test_part_may_be_a_number():
    value = wire.encode_verdict(VERDICT).replace(b'"part":"1"', b'"part":1')
    assert wire.decode_verdict(value) == VERDICT


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"v": 2}, "v"),
        ({"v": None}, "v"),
        ({"v": True}, "v"),
        ({"v": "1"}, "v"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"sha256": None}, "sha256"),
        ({"help": 1.5}, "help"),
        ({"help": True}, "help"),
        ({"help": 10**400}, "help"),
        ({"findings": {}}, "findings"),
        ({"findings": ["7a"]}, "findings"),
        ({"findings": [{"clause": "7a"}]}, "score"),
        ({"findings": [{"clause": "7a", "score": -0.1}]}, "score"),
        ({"findings": [{"clause": "7a", "score": 1, "spans": [{"part": "1", "start": 3, "end": 2}]}]}, "end"),
        ({"findings": [{"clause": "7a", "score": 1, "spans": [{"part": "1", "start": -1, "end": 2}]}]}, "start"),
        ({"purpose": {"secret words": 3}}, "purpose"),
        ({"failed": "error"}, "failed"),
    ],
)
def test_error_names_the_field(change, word):
    value = json.dumps(json.loads(wire.encode_verdict(VERDICT)) | change).encode()
    with pytest.raises(wire.WireError) as refused:
        wire.decode_verdict(value)
    assert refused.value.word == word


@pytest.mark.parametrize("value", [b"", b"\xff", b"[1]", b"null", b'{"v":1', b'{"v":1,"help":NaN}', b"[" * 100_000])
def test_other_values_than_objects_are_refused(value):
    for read in (wire.decode_verdict, wire.decode_decision, lambda header: wire.decode_message(b"", header)):
        with pytest.raises(wire.WireError) as refused:
            read(value)
        assert refused.value.word == "json"


@given(st.binary(max_size=40) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from("v id findings spans purpose help at relation pairs".split()), inner, max_size=5
    ),
).map(lambda made: json.dumps(made | {"v": 1} if isinstance(made, dict) else made).encode()))  # fmt: skip
def test_only_wire_errors_are_raised(value):
    for read in (wire.decode_verdict, wire.decode_decision, lambda header: wire.decode_message(b"", header)):
        with pytest.raises(wire.WireError):
            read(value)


def test_rfc3339_round_trip():
    assert wire.rfc3339(NOW) == "2026-11-24T15:30:00.125Z"
    assert wire.rfc3339(0.9996) == "1970-01-01T00:00:01.000Z"
    assert wire.from_rfc3339("2026-11-24T09:30:00.125-06:00") == NOW
    with pytest.raises(ValueError, match="offset"):
        wire.from_rfc3339("2026-11-24T09:30:00")


@dataclass(frozen=True)
class Place:
    topic: str = "chaperone.verdicts"
    partition: int = 3
    offset: int = 41


def test_dead_letter_headers():
    assert dict(wire.dead_letter_headers(Place(), "json")) == {
        "topic": b"chaperone.verdicts", "partition": b"3", "offset": b"41", "error": b"json",
    }  # fmt: skip


def test_header_of_many_recipients_leaves_them_in_the_store():
    """A thousand long addresses would make a header that no topic takes."""
    base = message()
    addresses = [f"{number:04d}{'x' * 200}@students.example" for number in range(1000)]
    pairs = tuple(replace(base.relation.pairs[0], recipient=address, student=address) for address in addresses)
    envelope = replace(base.envelope, recipients=tuple(Recipient(address) for address in addresses))
    many = replace(base, relation=Relation(pairs), envelope=envelope)
    record = wire.message_record(OutgoingMessage(many), max_inline=100_000)
    assert len(record.header) < 2_000
    assert wire.decode_message(record.value, record.header).truncated
