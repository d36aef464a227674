"""Fields of the API that hold the name of a channel: the registered channels are their allowed values."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from gateway.core.channels.registry import CHANNELS


def _known(name: str) -> str:
    if name not in CHANNELS:
        raise ValueError(f"not one of {', '.join(CHANNELS)}")
    return name


ChannelName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(CHANNELS)})]
"""The name of a channel."""
ChannelFilter = Annotated[
    str,
    AfterValidator(lambda name: name and _known(name)),
    WithJsonSchema({"type": "string", "enum": ["", *CHANNELS]}),
]
"""The name of a channel, or "" for all channels."""
