"""The sample mail and texts: complete messages with every kind of result."""

from __future__ import annotations

import email
import email.policy

import pytest

from gateway.demo.folder import DOMAINS, read_sample_district
from gateway.demo.traffic import SampleMail, pauses, sample_mails, sample_texts
from tests.demo.test_sample_district import DISTRICT, rows


@pytest.fixture(scope="module")
def traffic() -> list[SampleMail]:
    return sample_mails(read_sample_district(DISTRICT).names, "run")


def test_the_traffic_has_every_result_and_an_early_held_message(traffic: list[SampleMail]) -> None:
    assert {action for sample in traffic for action in sample.expect} == {"passed", "release", "flag", "hold", "alert"}
    assert ("hold",) in [sample.expect for sample in traffic[:3]]
    assert len({sample.subject for sample in traffic}) == len(traffic) == len({sample.message_id for sample in traffic})
    waits = [pause for _, pause in zip(traffic, pauses(), strict=False)]
    assert sum(waits[:3]) < 2.5
    assert 60 < sum(waits) < 600


def test_senders_and_recipients_are_on_the_roster_or_outside(traffic: list[SampleMail]) -> None:
    known = set(read_sample_district(DISTRICT).names) | {row["address"] for row in rows("groups.csv")}
    for sample in traffic:
        for address in (sample.sender, *sample.recipients):
            assert address in known or not address.endswith(DOMAINS), address


def test_texts_are_between_district_numbers_with_every_result() -> None:
    numbers = {row["value"] for row in rows("contacts.csv")}
    texts = sample_texts()
    assert {action for text in texts for action in text.expect} == {"passed", "release", "hold", "alert"}
    for text in texts:
        assert (text.sender in numbers and text.recipient in numbers) == (text.expect != ("passed",))
        assert text.note
        assert "\n" not in text.text


def test_samples_are_complete_messages(traffic: list[SampleMail]) -> None:
    for sample in traffic:
        read = email.message_from_bytes(sample.content, policy=email.policy.default)
        assert not read.defects
        assert read["Message-ID"] == sample.message_id
        assert read["Subject"] == sample.subject
        assert b"\n" not in sample.content.replace(b"\r\n", b"")
        assert sample.note
        assert sample.expect
    answer = next(sample for sample in traffic if sample.subject == "Re: volcano")
    question = next(sample for sample in traffic if sample.subject == "volcano")
    assert question.message_id.encode() in answer.content
