"""Long texts to and from a gateway between texts and mail: only the first part names the mailbox."""

from __future__ import annotations

from collections import OrderedDict

from gateway.core.channels.smpp_encoding import PartReference, part_reference
from gateway.core.channels.smpp_pdu import SmppText
from gateway.core.messages.parties import Relation
from gateway.core.relation.text_relation import numbered_part

_REMEMBERED = 10_000


class MailedTexts:
    """A bounded memory of the pairs that first parts name, by which the parts after them are known.

    A part that arrives before the first one is not known. The first one is then incomplete, and is called so.
    """

    def __init__(self) -> None:
        self._pairs: OrderedDict[tuple[str, ...], Relation] = OrderedDict()

    def pairs_of(self, text: SmppText, words: str, found: Relation) -> Relation:
        """The pairs of a text or of a part of one. `found`: those that its own words name."""
        part = part_reference(text) or _numbered(words)
        if part is None:
            return found
        destinations = (to.digits for to in text.destinations)
        key = (part.reference, str(part.total), text.source.digits, *destinations)
        if part.number > 1 and not found:
            return self._pairs.get(key, Relation())
        self._pairs.pop(key, None)  # references repeat
        if found:
            self._pairs[key] = found
            if len(self._pairs) > _REMEMBERED:
                self._pairs.popitem(last=False)
        return found


def _numbered(words: str) -> PartReference | None:
    place = numbered_part(words)
    return None if place is None else PartReference("numbered", place[1], place[0])
