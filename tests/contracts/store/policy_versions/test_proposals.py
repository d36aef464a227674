"""Policies that wait for a second person."""

from __future__ import annotations

from gateway.core.policy_versions.version import NewPolicy, ProposalState
from gateway.ports.store import Store
from tests.contracts.messages import Clock
from tests.contracts.store.policy_versions.policy_rows import acts, entry, proposal


async def test_proposal_is_published_once(store: Store, clock: Clock) -> None:
    await store.policy_proposals.add(proposal("p1", clock.now), entry("policy proposed"))
    new = NewPolicy("bb", "b = 1", "ann", "bob", proposal="p1")
    version = await store.policy_versions.publish(new, 0, [entry("policy published")])
    assert version is not None
    found = await store.policy_proposals.find("p1")
    assert found is not None
    assert (found.state, found.ended_by, found.version) == (ProposalState.PUBLISHED, "bob", 1)
    assert await store.policy_versions.publish(new, 1, [entry("again")]) is None
    assert not await store.policy_proposals.withdraw("p1", entry("withdrawn"))
    assert await acts(store) == ["policy proposed", "policy published"]


async def test_withdrawn_or_expired_proposal_is_not_published(store: Store, clock: Clock) -> None:
    for id_ in ("p1", "p2"):
        await store.policy_proposals.add(proposal(id_, clock.now), entry("policy proposed"))
        clock.now += 1
    assert await store.policy_proposals.withdraw("p1", entry("withdrawn", "bob"))
    assert not await store.policy_proposals.withdraw("p1", entry("withdrawn"))
    clock.now += 200
    assert not await store.policy_proposals.withdraw("p2", entry("withdrawn"))
    for id_ in ("p1", "p2", "p3"):
        assert await store.policy_versions.publish(NewPolicy("bb", "b = 1", "ann", proposal=id_), 0, []) is None
    newest, oldest = await store.policy_proposals.recent(10)
    assert (oldest.state, oldest.ended_by) == (ProposalState.WITHDRAWN, "bob")
    assert newest.state_at(clock.now) is ProposalState.EXPIRED
    assert await store.policy_versions.mark() == 0
