"""A real OpenID Connect provider (npm oidc-provider) at which people sign in."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.peers.node import FOLDER

CLIENT, SECRET = "chaperone", "a secret between the two of them"
_SCRIPT = Path(__file__).parent / "node" / "provider.mjs"
_MODULES = FOLDER / "node_modules"


def missing() -> str:
    """What is missing to run it and how to install it; "" if nothing is."""
    if shutil.which("node") is None:
        return "Node.js is not installed (make services, or the package nodejs)"
    return "" if (_MODULES / "oidc-provider").exists() else "oidc-provider is not fetched (make node)"


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """A running provider."""

    issuer: str
    process: subprocess.Popen[str]

    def knows(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the people it knows."""
        httpx.post(f"{self.issuer}/people", json=people, timeout=30).raise_for_status()

    def stop(self) -> None:
        """Stop the provider."""
        self.process.kill()
        self.process.wait(timeout=15)


@contextlib.contextmanager
def running_provider(
    redirect: str, people: Mapping[str, Mapping[str, Any]], *, refreshes: bool = True
) -> Iterator[OidcProvider]:  # fmt: skip
    """A provider that knows one client, and `people`: claims by the name they type.

    `refreshes` enables refresh tokens.
    """
    grants = ["authorization_code", "refresh_token"] if refreshes else ["authorization_code"]
    options = {
        "modules": str(_MODULES),
        "people": people,
        "client": {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [redirect], "grant_types": grants},
    }
    process = subprocess.Popen(
        ["node", str(_SCRIPT), json.dumps(options)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        if not issuer.startswith("http://"):
            process.kill()
            raise RuntimeError("the provider did not start")
        yield OidcProvider(issuer, process)
    finally:
        process.terminate()
        process.communicate(timeout=15)
