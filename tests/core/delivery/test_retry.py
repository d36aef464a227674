"""The retry schedule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.registry import CHANNELS
from gateway.core.delivery.retry import RetrySchedule
from tests.core.samples import NOW

DAY = 86400.0


def test_schedule():
    waits, now = [], NOW
    for attempts in range(1, 9):
        again = RetrySchedule().next_attempt(attempts, NOW, now, 0.5)
        waits.append(again - now)
        now = again
    assert waits == pytest.approx([60, 120, 240, 480, 960, 1920, 3600, 3600])


@given(
    st.lists(st.floats(0, 1), min_size=1), st.sampled_from([channel.delivery_lifetime for channel in CHANNELS.values()])
)
def test_attempts_end_with_the_lifetime(entropies, lifetime):
    now, tries = NOW, 0
    while True:
        tries += 1
        again = RetrySchedule(lifetime=lifetime).next_attempt(tries, NOW, now, entropies[tries % len(entropies)])
        if again is None:
            break
        assert now + 48 <= again <= now + 4320 or again == NOW + lifetime
        now = again
    assert now == NOW + lifetime
    assert tries < 200


@given(st.integers(-3, 500), st.floats(0, 1), st.floats(0, 6 * DAY))
def test_next_attempt_is_in_the_future_and_within_the_lifetime(attempts, entropy, age):
    again = RetrySchedule().next_attempt(attempts, NOW, NOW + age, entropy)
    assert (again is None) == (NOW + age >= NOW + 5 * DAY)
    assert again is None or NOW + age < again <= NOW + 5 * DAY


@given(st.integers(1, 30), st.floats(0, 1), st.floats(1, 86400), st.floats(1, 86400), st.floats(0, 5 * DAY))
def test_waits_stay_within_the_settings(attempts, entropy, first, longest, warn):
    schedule = RetrySchedule(first, longest, warn=warn)
    again = schedule.next_attempt(attempts, NOW, NOW, entropy)
    assert 0.8 * min(first, longest) - 1 <= again - NOW <= 1.2 * longest + 1


def test_an_attempt_is_made_when_the_sender_is_to_be_warned():
    schedule = RetrySchedule(first=3600.0, warn=600.0)
    assert schedule.next_attempt(1, NOW, NOW, 0.5, warned=False) == NOW + 600
    assert schedule.next_attempt(1, NOW, NOW, 0.5, warned=True) == NOW + 3600
    assert schedule.next_attempt(2, NOW, NOW + 600, 0.5, warned=False) > NOW + 600
