"""How fast one client may send requests."""

from __future__ import annotations

from gateway.console.web.rate_limit import RateLimiter


def test_bucket_empties_and_refills() -> None:
    now = [0.0]
    limiter = RateLimiter(3, 2, lambda: now[0])
    assert [limiter.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limiter.wait("b") == 0
    now[0] += 0.5
    assert [limiter.wait("a"), limiter.wait("a")] == [0, 0.5]
