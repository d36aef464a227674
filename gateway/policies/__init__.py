"""Policy files: reads them, and holds the shipped one with the list of ordinary sites."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from gateway.core.fault import Fault
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse

SHIPPED = Path(__file__).parent / "401_13r2.toml"
_ORDINARY_SITES = Path(__file__).parent / "ordinary_sites.txt"


@cache
def ordinary_sites() -> frozenset[str]:
    """The shipped list of sites that are no classroom tools."""
    lines = _ORDINARY_SITES.read_text("utf-8").split("\n")
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def read(
    file: Path | None, no_verdict: Mapping[Direction, Action], own_domains: Iterable[str] = ()
) -> Policy:  # fmt: skip
    """Read a policy file, or the shipped one. Raises Fault, which names file, key and hint.

    Links to ordinary sites and to the district's `own_domains` are no use of a classroom tool.
    """
    file = file or SHIPPED
    try:
        source = file.read_bytes()
        document = tomllib.loads(source.decode("utf-8"))
        policy = parse(document, no_verdict=no_verdict, source_hash=hashlib.sha256(source).hexdigest())
        own = {domain.lower() for domain in own_domains}
        return replace(policy, ordinary_sites=policy.ordinary_sites | ordinary_sites() | own)
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); correct policy.file") from None
    except UnicodeDecodeError:
        raise Fault(f"{file}: not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Fault(f"{file}: not valid TOML: {error}; fix that line") from None
    except PolicyError as error:
        raise Fault(f"{file}: {error}") from None
