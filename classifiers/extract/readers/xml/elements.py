"""What the reader of XML files knows of the elements around a place, and of styles."""

from __future__ import annotations

from dataclasses import dataclass, field

from classifiers.extract.readers.office.field_values import Names
from classifiers.extract.readers.office.list_markers import ListMarkers


@dataclass(slots=True)
class XmlStyles:
    """The names of styles that hide text. They are shared by the parts of a document."""

    hidden: set[str] = field(default_factory=set)
    white: set[str] = field(default_factory=set)
    current: str = ""
    lists: ListMarkers = field(default_factory=ListMarkers)
    """The lists of the document, by their numbers (Word) or styles (OpenDocument)."""
    names: Names = field(default_factory=dict)
    """What the document gives names to, for its fields."""


@dataclass(slots=True)
class XmlElement:
    """An element that is open, and how it shows its text."""

    name: str
    hidden: bool
    doubtful: bool
    shaded: bool
    white: bool = False
    has_text: bool = False
    aside: bool = False
    is_field: bool = False
    """Whether a field is open that ends with it."""
    color: str = ""
    ground: str = ""
