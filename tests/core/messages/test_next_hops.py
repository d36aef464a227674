"""Tables of next hops: every domain is served by exactly one hop, whatever the table says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.messages.delivery import NextHop, next_hops

TARGETS = st.sampled_from(("one", "two", "three"))
DOMAINS = ("a.example", "b.example", "c.example", "d.example")
TABLES = st.dictionaries(st.sampled_from(DOMAINS), TARGETS)


@given(served=TABLES, default=st.none() | TARGETS)
def test_every_domain_is_served_by_exactly_one_hop(served: dict[str, str], default: str | None) -> None:
    hops = next_hops("mail", served, default)
    for domain in (*DOMAINS, "elsewhere.example"):
        (hop,) = [hop for hop in hops if hop.serves(domain)]
        assert hop.target == served.get(domain, default or "")
    assert len({hop.target for hop in hops}) == len(hops)
    assert [hop.default for hop in hops].count(True) == 1


def test_domain_with_the_target_of_the_default() -> None:
    (hop,) = next_hops("mail", {"a.example": "one"}, "one")
    assert hop == NextHop("mail", "one", frozenset({"a.example"}), True)
    assert hop.serves("a.example")
    assert hop.serves("elsewhere.example")


def test_hop_with_mx_has_one_transaction_per_domain() -> None:
    own, rest = next_hops("mail", {"a.example": "one"}, "*", by_domain={"*"})
    assert own.route("x.example") == own.route("y.example") == ("one", "")
    assert rest.route("x.example") != rest.route("y.example")
