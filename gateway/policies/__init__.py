"""Policy files: reads them, and holds the shipped one with the list of ordinary sites."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from gateway.core.fault import Fault
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse
from gateway.core.policy_versions.source_lines import line_of

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
        return read_text(file.read_bytes().decode("utf-8"), no_verdict, own_domains, str(file))
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); correct policy.file") from None
    except UnicodeDecodeError:
        raise Fault(f"{file}: not UTF-8 text; save it as UTF-8") from None


class PolicyFault(Fault):
    """A policy that cannot be used. `line` counts from 1, 0 for unknown; `key` is the dotted key, "" for unknown."""

    def __init__(self, where: str, line: int, key: str, hint: str) -> None:
        place = f"{where}, line {line}" if line else where
        super().__init__(f"{place}: {key}: {hint}" if key else f"{place}: {hint}")
        self.line, self.key, self.hint = line, key, hint


def read_text(
    source: str, no_verdict: Mapping[Direction, Action], own_domains: Iterable[str] = (), where: str = "policy"
) -> Policy:
    """The policy of a text. Raises PolicyFault, which names `where` it is from, line, key and hint."""
    try:
        policy = parse(tomllib.loads(source), no_verdict=no_verdict, source_hash=hash_of(source))
    except tomllib.TOMLDecodeError as error:
        line, hint = _line_in(str(error))
        raise PolicyFault(where, line, "", f"not valid TOML: {hint}; fix that line") from None
    except RecursionError:
        raise PolicyFault(where, 0, "", "not valid TOML: nested too deeply; fix the brackets") from None
    except PolicyError as error:
        raise PolicyFault(where, line_of(source, error.key), error.key, error.hint) from None
    own = {domain.lower() for domain in own_domains}
    return replace(policy, ordinary_sites=policy.ordinary_sites | ordinary_sites() | own)


def _line_in(text: str) -> tuple[int, str]:
    """The line that an error of the TOML parser names, and the error."""
    found = re.search(r"\(at line (\d+), column \d+\)", text)
    return (int(found[1]) if found else 0), text


def hash_of(source: str) -> str:
    """The hash by which decisions name a policy."""
    return hashlib.sha256(source.encode()).hexdigest()
