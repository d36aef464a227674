"""The stores that signing in needs."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ports.accounts import (
    AccountStore,
    GroupRoleStore,
    IdentityStore,
    PasskeyStore,
    SecondStepStore,
    SessionStore,
    SignInFailureStore,
    TokenStore,
)
from gateway.ports.clock import StoreClock
from gateway.ports.store import Store


@dataclass(frozen=True, slots=True)
class SignInStores:
    """The stores of accounts, of how people sign in, and of their sessions."""

    clock: StoreClock
    accounts: AccountStore
    identities: IdentityStore
    sessions: SessionStore
    sign_in_failures: SignInFailureStore
    tokens: TokenStore
    second_steps: SecondStepStore
    passkeys: PasskeyStore
    group_roles: GroupRoleStore

    @classmethod
    def of(cls, store: Store) -> SignInStores:
        """Those of the whole store."""
        return cls(
            store.clock, store.accounts, store.identities, store.sessions, store.sign_in_failures, store.tokens,
            store.second_steps, store.passkeys, store.group_roles,
        )  # fmt: skip
