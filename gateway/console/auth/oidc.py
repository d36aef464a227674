"""Signing in by the district's own service: OpenID Connect, authorization code with PKCE.

What is here speaks with the service and says whom it vouches for; whose account that is, the door settles.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt

from gateway.console.web.encryption import Encryptor
from gateway.core.accounts.account import SignedInIdentity, identity_from_claims

BACK = "/sign-in/service/back"
"""Where the service sends browsers back to."""
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_ASKED = "openid email profile"
_LEEWAY = 60
_KNOWN_FOR = 3600.0
_KEYS_AGAIN_AFTER = 60.0  # seconds between looks for keys that are not known
_LARGEST = 1 << 20


class ServiceError(Exception):
    """The service did not let somebody in, or cannot be understood; the text is for the journal: no person in it."""


class SignInRefused(ServiceError):
    """The service answers, and says no; `word` is its own for why."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(f"it answered {status}")
        self.word = word


class NotAsked(ServiceError):
    """There is nothing to ask the service with: who it is about has to sign in again."""


@dataclass(frozen=True, slots=True)
class Provider:
    """The service, and what we are to it; `trusted`: seconds that a role of its groups holds after it said so last."""

    issuer: str
    client_id: str
    client_secret: str
    public_url: str
    trusted: float = 4 * 3600.0

    @property
    def back(self) -> str:
        """The redirect URI, which the service has to know."""
        return self.public_url.rstrip("/") + BACK


@dataclass(frozen=True, slots=True)
class Errand:
    """What a browser carries to the service and back: it proves that the answer belongs to its own question."""

    state: str
    nonce: str
    verifier: str
    onward: str

    @classmethod
    def new(cls, onward: str) -> Errand:
        """A question of its own."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), onward)

    def text(self) -> str:
        """As a cookie keeps it."""
        return "|".join((self.state, self.nonce, self.verifier, self.onward))

    @classmethod
    def read(cls, text: str) -> Errand | None:
        """The inverse of `text`; None where it is none."""
        words = text.split("|")
        return cls(*words) if len(words) == 4 and all(words[:3]) else None


class SignInService:
    """The service as the console asks it. `client` is closed by whoever made it."""

    def __init__(self, provider: Provider, client: httpx.AsyncClient) -> None:
        self.provider, self._client = provider, client
        # Of what it can be asked with: who reads the store alone, without the client's secret, can use none of it.
        self._encryptor = Encryptor(provider.client_secret.encode(), "vouching")
        self._about: dict[str, Any] = {}
        self._about_at = self._keys_at = float("-inf")
        self._keys: jwt.PyJWKSet | None = None
        self._looking = asyncio.Lock()

    async def way_there(self, errand: Errand) -> str:
        """Where to send a browser. Raises ServiceError."""
        about = await self._discovered()
        challenge = urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": self.provider.client_id, "redirect_uri": self.provider.back,
            "scope": self._scope(about), "state": errand.state, "nonce": errand.nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        target = str(about["authorization_endpoint"])
        return f"{target}{'&' if '?' in target else '?'}{urlencode(asked)}"

    async def came_back(self, errand: Errand, given: Mapping[str, str]) -> SignedInIdentity:
        """Whom the service vouches for. Raises ServiceError."""
        if not hmac.compare_digest(given.get("state", "").encode(), errand.state.encode()):
            raise ServiceError("the answer is to another question")
        if given.get("error"):
            raise ServiceError("the service refused")
        if given.get("iss", self.provider.issuer) != self.provider.issuer:
            raise ServiceError("the answer is of another service")  # RFC 9207
        about = await self._discovered()
        tokens = await self._exchanged(about, given.get("code", ""), errand.verifier)
        claims = await self._claims(str(tokens.get("id_token", "")), errand.nonce)
        if "email" not in claims and "userinfo_endpoint" in about:
            claims = {**await self._more(about, str(tokens.get("access_token", "")), claims["sub"]), **claims}
        return self._with(tokens, identity_from_claims(self.provider.issuer, claims))

    async def ask_again(self, again: str, subject: str) -> SignedInIdentity:
        """What the service says now of somebody whom it vouched for. Raises ServiceError.

        Refused with the word invalid_grant: it vouches for them no more. NotAsked: it cannot be asked.
        """
        opened = self._encryptor.decrypt(again, subject)
        if not opened:
            raise NotAsked("what it was to be asked with cannot be read")
        held = json.loads(opened)
        about = await self._discovered()
        if not held.get("refresh"):
            return await self._by_access(about, held, subject)
        sent = {"grant_type": "refresh_token", "refresh_token": held["refresh"]}
        tokens = {"refresh_token": held["refresh"], **await self._tokens(about, sent)}
        if not tokens.get("id_token"):
            return await self._by_access(about, {**held, "access": tokens.get("access_token", "")}, subject)
        claims = await self._signed(str(tokens["id_token"]))
        if "email" not in claims and "userinfo_endpoint" in about:
            claims = {**await self._more(about, str(tokens.get("access_token", "")), claims["sub"]), **claims}
        return self._same(self._with(tokens, identity_from_claims(self.provider.issuer, claims)), subject)

    async def _by_access(self, about: Mapping[str, Any], held: Mapping[str, str], subject: str) -> SignedInIdentity:
        """By what it tells of the one whom an access token is of; where it tells no groups, it cannot be asked."""
        if "userinfo_endpoint" not in about or not held.get("access"):
            raise NotAsked("it gave nothing to ask it with")
        try:
            claims = await self._json(
                "GET", about["userinfo_endpoint"], headers={"Authorization": f"Bearer {held['access']}"}
            )
        except SignInRefused:
            raise NotAsked("what it gave to ask it with has ended") from None
        if not {"groups", "roles"} & claims.keys():
            raise NotAsked("it tells no groups without signing in")
        tokens = {"refresh_token": held.get("refresh", ""), "access_token": held["access"]}
        return self._same(self._with(tokens, identity_from_claims(self.provider.issuer, claims)), subject)

    def _same(self, found: SignedInIdentity, subject: str) -> SignedInIdentity:
        if found.subject != subject:
            raise ServiceError("it tells of somebody else")
        return found

    def _with(self, tokens: Mapping[str, Any], found: SignedInIdentity) -> SignedInIdentity:
        held = {"refresh": tokens.get("refresh_token") or "", "access": tokens.get("access_token") or ""}
        return replace(found, again=self._encryptor.encrypt(json.dumps(held), found.subject))

    def _scope(self, about: Mapping[str, Any]) -> str:
        offered = about.get("scopes_supported")
        return _ASKED + " offline_access" * (isinstance(offered, list) and "offline_access" in offered)

    async def _exchanged(self, about: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
        sent = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.provider.back,
            "code_verifier": verifier,
        }  # fmt: skip
        return await self._tokens(about, sent)

    async def _tokens(self, about: Mapping[str, Any], sent: dict[str, str]) -> dict[str, Any]:
        by = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        pair = (self.provider.client_id, self.provider.client_secret)
        if "client_secret_basic" in by:
            return await self._json("POST", about["token_endpoint"], data=sent, auth=httpx.BasicAuth(*pair))
        return await self._json(
            "POST", about["token_endpoint"], data={**sent, "client_id": pair[0], "client_secret": pair[1]}
        )

    async def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        claims = await self._signed(token)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise ServiceError("its token is for another question")
        return claims

    async def _signed(self, token: str) -> dict[str, Any]:
        """The claims of a token that the service has made for us."""
        try:
            key = await self._key(token)
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=_ALGORITHMS, audience=self.provider.client_id, issuer=self.provider.issuer,
                leeway=_LEEWAY, options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            raise ServiceError(f"its token is not valid: {type(error).__name__}") from None
        others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if others else self.provider.client_id) != self.provider.client_id:
            raise ServiceError("its token is for somebody else")
        return claims

    async def _more(self, about: Mapping[str, Any], token: str, subject: str) -> dict[str, Any]:
        more = await self._json("GET", about["userinfo_endpoint"], headers={"Authorization": f"Bearer {token}"})
        if more.get("sub") != subject:
            raise ServiceError("it tells of somebody else")
        return more

    async def _key(self, token: str) -> jwt.PyJWK:
        kid = jwt.get_unverified_header(token).get("kid")
        if self._keys is None or (kid and kid not in {each.key_id for each in self._keys.keys}):
            async with self._looking:
                if time.monotonic() - self._keys_at > _KEYS_AGAIN_AFTER or self._keys is None:
                    about = await self._discovered()
                    self._keys_at = time.monotonic()
                    self._keys = jwt.PyJWKSet.from_dict(await self._json("GET", about["jwks_uri"]))
        for each in self._keys.keys:
            if each.public_key_use in (None, "sig") and each.key_type != "oct" and kid in (None, each.key_id):
                return each
        raise ServiceError("its token is signed with an unknown key")

    async def look(self) -> str:
        """Read what the service says of itself; in a few words. Raises ServiceError."""
        about = await self._discovered()
        keys = await self._json("GET", about["jwks_uri"])
        if not keys.get("keys"):
            raise ServiceError("it shows no keys")
        return f"{self.provider.issuer} answers"

    async def _discovered(self) -> dict[str, Any]:
        if time.monotonic() - self._about_at > _KNOWN_FOR:
            place = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
            about = await self._json("GET", place)
            if about.get("issuer") != self.provider.issuer:
                raise ServiceError("it calls itself by another name than console.oidc.issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not safe(str(about.get(name, ""))):
                    raise ServiceError(f"its {name} is no https address")
            self._about, self._about_at = about, time.monotonic()
        return self._about

    async def _json(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        if not safe(str(url)):
            raise ServiceError("an address of it is not https")
        try:
            answer = await self._client.request(
                method, url, headers={"Accept": "application/json", **more.pop("headers", {})}, **more
            )
            if answer.status_code in (400, 401, 403):
                raise SignInRefused(answer.status_code, _word(answer))
            if answer.status_code != 200 or len(answer.content) > _LARGEST:
                raise ServiceError(f"it answered {answer.status_code}")
            found = answer.json()
        except httpx.HTTPError as error:
            raise ServiceError(f"it cannot be reached: {type(error).__name__}") from None
        except ValueError:
            raise ServiceError("its answer is no JSON") from None
        if not isinstance(found, dict):
            raise ServiceError("its answer is no object")
        return found


def _word(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("error", "")) if isinstance(said, dict) else ""


def safe(url: str) -> bool:
    """Over TLS, or to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost"))
