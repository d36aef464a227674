"""Delivery: the retry schedule, and what an attempt's end means for recipients and for the sender."""

from __future__ import annotations

import json

import pytest

from gateway.core.channels.capabilities import SMS
from gateway.core.delivery.conclude import conclude
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, Sent
from gateway.core.messages.followup import FollowupKind
from gateway.core.messages.message import Recipient
from tests.core.samples import NOW, OTHER, STUDENT, message, pair

DAYS = 86400.0
LATER = NOW + 3600


def claim(*options, attempts=0, address=STUDENT, **more) -> Claim:
    recipient = Recipient(address, options)
    made = message(pairs=(pair(address),), recipients=(recipient,), **more)
    return Claim("token", made, (Claimed(recipient, attempts, NOW),))


def ended(claim: Claim, outcome, now=LATER):
    results, followups = conclude(claim, {each.recipient.address: outcome for each in claim.recipients}, now, 0.5)
    return results, followups


def told(claim: Claim, outcome, now=LATER) -> list[str]:
    _, followups = ended(claim, outcome, now)
    assert all(each.kind is FollowupKind.BOUNCE for each in followups)
    return [report["action"] for each in followups for report in each.body["recipients"]]


def test_outcomes_and_what_is_left_out():
    both = message(pairs=(pair(), pair(OTHER)))
    made = Claim("token", both, tuple(Claimed(each, 0, NOW) for each in both.envelope.recipients))
    results, followups = conclude(made, {STUDENT: Sent("250 ok", True), "stranger@x": Sent("250 ok")}, LATER, 0.5)
    assert results == {STUDENT: (Sent("250 ok", True), None)}
    assert followups == ()


def test_deferred_is_tried_again_and_in_the_end_bounced():
    results, followups = ended(claim(), Deferred("451 4.3.0 later"))
    assert results[STUDENT][1] == LATER + 60
    assert followups == ()
    results, (followup,) = ended(claim(attempts=100), Deferred("451 4.3.0 later"), NOW + 5 * DAYS)
    assert results[STUDENT][1] is None
    (report,) = followup.body["recipients"]
    assert (report["action"], report["status"], report["reply"]) == ("failed", "5.4.7", "451 4.3.0 later")
    assert report["expired"] is True


def test_what_a_bounce_knows():
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
def test_the_status_is_the_next_hop_s_where_it_fits(reply, status):
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
def test_notify_is_honoured(notify, outcome, action):
    assert told(claim(*notify), outcome) == action


def test_a_delay_is_told_once_after_about_four_hours():
    for notify, expected in (((), 1), (("NOTIFY=DELAY",), 1), (("NOTIFY=FAILURE",), 0), (("NOTIFY=NEVER",), 0)):
        now, attempts, times = NOW, 0, []
        while now < NOW + 2 * DAYS:
            made = claim(*notify, attempts=attempts)
            if told(made, TEMPORARY, now) == ["delayed"]:
                times.append(now - NOW)
            now = ended(made, TEMPORARY, now)[0][STUDENT][1]
            attempts += 1
        assert len(times) == expected
        assert all(3 * 3600 < time < 5 * 3600 for time in times)


def test_nobody_is_told_of_what_nobody_sent_or_of_a_text():
    assert told(claim(sender=""), NO) == []
    assert told(claim(channel=SMS), NO) == []


def test_a_text_lives_for_a_day():
    made = claim(channel=SMS, attempts=30)
    assert ended(made, TEMPORARY, NOW + DAYS - 10)[0][STUDENT][1] == NOW + DAYS
    assert ended(made, TEMPORARY, NOW + DAYS)[0][STUDENT][1] is None


def test_one_bounce_tells_of_all_recipients_of_an_attempt():
    both = message(pairs=(pair(), pair(OTHER)))
    made = Claim("token", both, tuple(Claimed(each, 0, NOW) for each in both.envelope.recipients))
    _, (followup,) = conclude(made, {STUDENT: NO, OTHER: NO}, LATER, 0.5)
    assert [each["address"] for each in followup.body["recipients"]] == [STUDENT, OTHER]
