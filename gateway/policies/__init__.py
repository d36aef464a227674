"""Policy files: reads them, and holds the shipped one."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

from gateway.core.fault import Fault
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse

SHIPPED = Path(__file__).parent / "401_13r2.toml"


def read(file: Path | None, no_verdict: Mapping[Direction, Action]) -> Policy:
    """Read a policy file, or the shipped one. Raises Fault, which names file, key and hint."""
    file = file or SHIPPED
    try:
        source = file.read_bytes()
        document = tomllib.loads(source.decode("utf-8"))
        return parse(document, no_verdict=no_verdict, source_hash=hashlib.sha256(source).hexdigest())
    except OSError as error:
        raise Fault(f"{file}: cannot be read ({error.strerror}); correct policy.file") from None
    except UnicodeDecodeError:
        raise Fault(f"{file}: not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise Fault(f"{file}: not valid TOML: {error}; fix that line") from None
    except PolicyError as error:
        raise Fault(f"{file}: {error}") from None
