"""The retry schedule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.registry import CHANNELS
from gateway.core.delivery.retry import next_attempt
from tests.core.samples import NOW

DAY = 86400.0


def test_schedule():
    waits, now = [], NOW
    for attempts in range(1, 9):
        again = next_attempt(attempts, NOW, now, 0.5, 5 * DAY)
        waits.append(again - now)
        now = again
    assert waits == pytest.approx([60, 120, 300, 600, 900, 1800, 3600, 3600])


@given(
    st.lists(st.floats(0, 1), min_size=1), st.sampled_from([channel.delivery_lifetime for channel in CHANNELS.values()])
)
def test_attempts_end_with_the_lifetime(entropies, lifetime):
    now, tries = NOW, 0
    while True:
        tries += 1
        again = next_attempt(tries, NOW, now, entropies[tries % len(entropies)], lifetime)
        if again is None:
            break
        assert now + 48 <= again <= now + 4320 or again == NOW + lifetime
        now = again
    assert now == NOW + lifetime
    assert tries < 200


@given(st.integers(-3, 500), st.floats(0, 1), st.floats(0, 6 * DAY))
def test_next_attempt_is_in_the_future_and_within_the_lifetime(attempts, entropy, age):
    again = next_attempt(attempts, NOW, NOW + age, entropy, 5 * DAY)
    assert (again is None) == (NOW + age >= NOW + 5 * DAY)
    assert again is None or NOW + age < again <= NOW + 5 * DAY
