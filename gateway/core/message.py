"""The reader of a content under the name that the design page gives it; `gateway.core.mime.parts` is where it lives."""

from __future__ import annotations

from gateway.core.messages.message import Part, parts

__all__ = ["Part", "parts"]
