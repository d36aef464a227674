"""Settings of one next hop: "host:port", or a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gateway.settings.units import Address, FilePath


def _addresses(value: object) -> object:
    return [value] if isinstance(value, str) else value


class HopSettings(BaseModel):
    """Where mail goes. Keys with equal values share connections."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Annotated[tuple[Address, ...], BeforeValidator(_addresses)] = ()  # "host:port", tried in order
    tls: Literal["none", "opportunistic", "required", "verify"] = "opportunistic"  # verify: name and chain
    ca: FilePath = None  # trusted authorities with verify; default: those of the system
    user: str = ""  # sign in, over TLS unless tls = "none"
    password: str = ""  # better: password_file
    connections: int = Field(default=20, ge=1, le=1000)  # open at once, of each serve; its smtp.workers share them
    mx: bool = False  # instead of addresses: the mail servers of the recipient's domain, by DNS

    @model_validator(mode="after")
    def _check_combinations(self) -> HopSettings:
        if self.mx == bool(self.address):
            raise ValueError('give either address = ["host:port"] or mx = true')
        if self.ca is not None and self.tls != "verify":
            raise ValueError('ca is used with tls = "verify" only')
        if bool(self.user) != bool(self.password):
            raise ValueError("give both user and password_file, or neither")
        if self.user and self.mx:
            raise ValueError("user needs address: passwords do not go to the servers of any domain")
        return self


def _hop(value: object) -> object:
    return {"address": value} if isinstance(value, str) else value


def _hops(value: object) -> object:
    """Keys are domains in any case, or "*". The same domain twice would have two next hops."""
    if not isinstance(value, Mapping):
        return value
    names: dict[str, str] = {}
    for key in value:
        name = str(key).strip().rstrip(".").lower()
        if name in names:
            raise ValueError(f'"{key}" and "{names[name]}" are the same domain; remove one')
        names[name] = str(key)
    return value


NextHops = Annotated[Mapping[str, Annotated[HopSettings, BeforeValidator(_hop)]], BeforeValidator(_hops)]
