"""What all sections of the configuration have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section. It is frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
