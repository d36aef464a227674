"""The end of a delivery attempt: outcomes, next attempts, and reports to the sender."""

from __future__ import annotations

import json

import pytest

from gateway.core.channels.capabilities import SMS
from gateway.core.channels.registry import capabilities_of
from gateway.core.delivery.conclude import Conclusion, conclude
from gateway.core.delivery.retry import RetrySchedule
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, Sent
from gateway.core.messages.followup import FollowupKind
from gateway.core.messages.message import Recipient
from tests.core.samples import NOW, OTHER, STUDENT, message, pair

DAYS = 86400.0
LATER = NOW + 3600


def claim(*options, attempts=0, address=STUDENT, warned=False, **more) -> Claim:
    recipient = Recipient(address, options)
    made = message(pairs=(pair(address),), recipients=(recipient,), **more)
    return Claim("token", made, (Claimed(recipient, attempts, NOW, 0, warned),))


def concluded(claim: Claim, outcomes, now=LATER) -> Conclusion:
    schedule = RetrySchedule(lifetime=capabilities_of(claim.message.channel).delivery_lifetime)
    return conclude(claim, outcomes, now, 0.5, schedule)


def ended(claim: Claim, outcome, now=LATER):
    results, followups, _ = concluded(
        claim, {claimed.recipient.address: outcome for claimed in claim.recipients}, now
    )  # fmt: skip
    return results, followups


def told(claim: Claim, outcome, now=LATER) -> list[str]:
    _, followups = ended(claim, outcome, now)
    assert all(followup.kind is FollowupKind.BOUNCE for followup in followups)
    return [report["action"] for followup in followups for report in followup.body["recipients"]]


def test_recipients_without_outcome_are_left_out():
    both = message(pairs=(pair(), pair(OTHER)))
    made = Claim("token", both, tuple(Claimed(recipient, 0, NOW) for recipient in both.envelope.recipients))
    results, followups, _ = concluded(made, {STUDENT: Sent("250 ok", True), "stranger@x": Sent("250 ok")})
    assert results == {STUDENT: (Sent("250 ok", True), None)}
    assert followups == ()


def test_deferred_until_the_lifetime_ends():
    results, followups = ended(claim(), Deferred("451 4.3.0 later"))
    assert results[STUDENT][1] == LATER + 60
    assert followups == ()
    results, (followup,) = ended(claim(attempts=100), Deferred("451 4.3.0 later"), NOW + 5 * DAYS)
    assert results[STUDENT][1] is None
    (report,) = followup.body["recipients"]
    assert (report["action"], report["status"], report["reply"]) == ("failed", "5.4.7", "451 4.3.0 later")
    assert report["expired"] is True


def test_bounce_body():
    made = claim("ORCPT=rfc822;a+2Bb@x.example", "notify=failure", options=("RET=full", "ENVID=Ab+3D", "SMTPUTF8"))
    _, (followup,) = ended(made, Bounced("550 5.1.1 No such user"))
    body = followup.body
    assert (body["to"], body["ret"], body["envid"], body["smtputf8"]) == (
        made.message.envelope.sender,
        "FULL",
        "Ab+3D",
        True,
    )
    assert (body["received_at"], body["at"]) == (NOW, LATER)
    (report,) = body["recipients"]
    assert report["orcpt"] == "rfc822;a+2Bb@x.example"
    assert (report["address"], report["status"]) == (STUDENT, "5.1.1")
    json.dumps(body)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("550 5.7.1 no", "5.7.1"), ("550-5.7.1 no", "5.7.1"), ("550 no", "5.0.0"), ("550 4.7.1 no", "5.0.0"),
        ("550 5.7.1.2 no", "5.0.0"), ("550 5.7.1", "5.7.1"), ("", "5.0.0"),
    ],
)  # fmt: skip
def test_enhanced_code_of_the_next_hop(reply, status):
    _, (followup,) = ended(claim(), Bounced(reply))
    assert followup.body["recipients"][0]["status"] == status


NO, TEMPORARY = Bounced("550 5.1.1 no"), Deferred("451 4.3.0 later")
TAKEN, RELAYED = Sent("250 ok"), Sent("250 ok", relayed_dsn=True)


@pytest.mark.parametrize(
    ("notify", "outcome", "action"),
    [
        ((), NO, ["failed"]), (("NOTIFY=FAILURE",), NO, ["failed"]), (("NOTIFY=SUCCESS,DELAY",), NO, []),
        (("NOTIFY=NEVER",), NO, []), (("notify=never",), NO, []),
        ((), TAKEN, []), (("NOTIFY=SUCCESS",), TAKEN, ["relayed"]), (("NOTIFY=SUCCESS,FAILURE",), RELAYED, []),
        (("NOTIFY=FAILURE,DELAY",), TAKEN, []), (("NOTIFY=NEVER",), TAKEN, []),
    ],
)  # fmt: skip
def test_notify(notify, outcome, action):
    assert told(claim(*notify), outcome) == action


def test_delay_is_reported_once():
    for notify, expected in (((), 1), (("NOTIFY=DELAY",), 1), (("NOTIFY=FAILURE",), 0), (("NOTIFY=NEVER",), 0)):
        now, attempts, warned, times = NOW, 0, False, []
        while now < NOW + 2 * DAYS:
            made = claim(*notify, attempts=attempts, warned=warned)
            ending = concluded(made, {STUDENT: TEMPORARY}, now)
            if ending.followups:
                assert told(made, TEMPORARY, now) == ["delayed"]
                times.append(now - NOW)
            warned = warned or STUDENT in ending.warned
            now = ending.results[STUDENT][1]
            attempts += 1
        assert times == [4 * 3600] * expected


def test_no_delay_is_reported_to_the_null_sender_or_before_its_time():
    assert told(claim(sender=""), TEMPORARY, NOW + 5 * 3600) == []
    assert told(claim(), TEMPORARY, NOW + 4 * 3600 - 1) == []
    assert told(claim(warned=True), TEMPORARY, NOW + 5 * 3600) == []


def test_null_sender_and_texts_get_no_bounce():
    assert told(claim(sender=""), NO) == []
    assert told(claim(channel=SMS), NO) == []


def test_lifetime_of_a_text():
    made = claim(channel=SMS, attempts=30)
    assert ended(made, TEMPORARY, NOW + DAYS - 10)[0][STUDENT][1] == NOW + DAYS
    assert ended(made, TEMPORARY, NOW + DAYS)[0][STUDENT][1] is None


def test_one_bounce_reports_all_recipients():
    both = message(pairs=(pair(), pair(OTHER)))
    made = Claim("token", both, tuple(Claimed(recipient, 0, NOW) for recipient in both.envelope.recipients))
    _, (followup,), _ = concluded(made, {STUDENT: NO, OTHER: NO})
    assert [report["address"] for report in followup.body["recipients"]] == [STUDENT, OTHER]
