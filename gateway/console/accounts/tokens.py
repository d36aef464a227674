"""API tokens: listed, created, revoked."""

from __future__ import annotations

from gateway.console.auth.authorization import Authorization
from gateway.console.auth.credentials import hash_secret, new_token_secret
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, Token, User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import TokenStore
from gateway.ports.clock import StoreClock

_DAY = 86400.0
TOKEN_LIFETIMES = {"7d": 7 * _DAY, "30d": 30 * _DAY, "90d": 90 * _DAY, "365d": 365 * _DAY}
"""Lifetimes that a new token can have, in seconds."""
_READ_ONLY = {"read": True, "decide": False}
MAX_TOKENS = 20
"""Valid tokens of one account, at most."""


class TokenService:
    """Tokens of accounts. Every change is in the audit log."""

    def __init__(self, authorization: Authorization, clock: StoreClock, tokens: TokenStore) -> None:
        self._authorization, self._clock, self._tokens = authorization, clock, tokens

    async def require_access(self, user: User) -> None:
        """Raise a Problem if the account's role sees nothing that a program could read."""
        await self._authorization.require(user, Right.STATS)

    async def visible_tokens(self, user: User) -> list[Token]:
        """The account's own tokens; for a technology director, everybody's. Raises a Problem."""
        await self.require_access(user)
        everybody = user.role is AccountRole.TECHNOLOGY_DIRECTOR
        return [token for token in await self._tokens.list_all() if everybody or token.user == user.name]

    async def create(self, user: User, may: str, lifetime: str) -> tuple[str, Token]:
        """A new token: its secret, which is not stored, and the token. Raises a Problem."""
        now, read_only, seconds = await self._clock.now(), _READ_ONLY.get(may), TOKEN_LIFETIMES.get(lifetime)
        if seconds is None or read_only is None:
            raise Problem(422, "Choose what the token may do and how long it is valid.")
        if not read_only and not user.may(Right.DECIDE):
            raise Problem(422, "Your role decides nothing: make a read-only token.")
        own = [token for token in await self._tokens.list_all() if token.user == user.name]
        if sum(token.in_force(now) for token in own) >= MAX_TOKENS:
            raise Problem(409, f"You have {MAX_TOKENS} valid tokens: revoke one first.")
        secret = new_token_secret()
        key = hash_secret(secret, "token")
        token = Token(key[:12], user.name, read_only, now, now + seconds, None)
        detail = {"token": token.id, "expires": seconds, "reads_only": read_only}
        await self._tokens.add(key, token, AuditEntry(now, user.name, "token created", user.name, detail))
        return secret, token

    async def revoke(self, user: User, id_: str) -> None:
        """End a token now. Raises a Problem if there is none that the account may revoke."""
        entry = AuditEntry(await self._clock.now(), user.name, "token revoked", id_)
        visible = {token.id for token in await self.visible_tokens(user)}
        if id_ not in visible or not await self._tokens.revoke(id_, entry):
            raise Problem(404, "There is no such valid token.")
