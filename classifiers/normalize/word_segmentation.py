"""Where words end: letters set apart are put together to words, and words run together are parted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_SPACED = re.compile(  # letters with the same sign between all of them
    r"(?<![A-Za-z0-9@$])[A-Za-z0-9@$!]([ .\-_*~|/,+\n]{1,3})(?:[A-Za-z0-9@$!]\1){2,60}[A-Za-z0-9@$](?![A-Za-z0-9@$])"
)
_WIDELY = re.compile(  # the same with wider gaps, or another sign, between words
    r"(?<![A-Za-z0-9@$])[A-Za-z0-9@$!](?:[ .\-_*~|/,+\n]{1,4}[A-Za-z0-9@$!](?![A-Za-z0-9@$])){3,300}"
)
_GAP = re.compile(r"[ .\-_*~|/,+\n]+")
LEET = str.maketrans("01345789@$!|+(€", "oieastbgasiltce")
LEET_L = str.maketrans("01345789@$!|+(€", "oleastbgaslltce")
SMALL = frozenset(
    "i a u y me my we us he it is at in on to do go so no up if or be by of an am ok tu te mi si lo la el "
    "yo de en un al ya es va se le da su ni ha as us ms mr".split()
)
LONG = 10
"""Letters from which an unknown word may be several."""
_RUN = re.compile(rf"(?<![^\W\d_])[A-Za-zÁÉÍÓÚÜÑáéíóúüñ]{{{LONG},400}}(?![^\W\d_])")
"""Letters that are looked into, if they are no known word."""
_PARTS, _MEAN = 3, 2.6
"""So many words it must be made of, and so long in the mean: names and compounds are made of fewer."""
_SAID = frozenset("you your youre yourself dont tell love with nadie contigo conmigo usted".split())
"""One of these must be among them: long words of one's own language are cut by chance as well."""
_SAID_BRIEFLY = frozenset("me my us tu te ti eres".split())
_FROM = 14
"""Or one of those, in a run of at least so many letters."""
_LIKELY = 5
"""What such a word counts beside the square of its letters."""


class Joints:
    """Puts letters together and parts words, by the words that are `known`, in lower case."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known

    def is_word(self, word: str) -> bool:
        """Whether it is a known word, or one of the small ones."""
        return word in self._known or word in SMALL

    def parted(self, token: str) -> str:
        """A token with its runs of letters parted where they are several words."""
        return _RUN.sub(lambda found: self._parted(found.group().lower()) or found.group(), token)

    def _parted(self, word: str) -> str:
        """The words that were run together to one that is not known, "" where there are none."""
        if word in self._known:
            return ""
        words = self._segmented(word).split()
        telling = _SAID if len(word) < _FROM else _SAID | _SAID_BRIEFLY
        if len(words) < _PARTS or telling.isdisjoint(words) or len(word) < _MEAN * len(words):
            return ""
        return " ".join(words)

    def spaced(self, text: str) -> Iterable[tuple[int, int, str]]:
        """Where letters are set apart: start, end, and what is meant."""
        taken, near = 0, False
        for found in _WIDELY.finditer(text):
            near = True
            for start, end, written in self._gapped(found.group().lower()):
                taken = found.end()
                yield found.start() + start, found.start() + end, written
        for found in _SPACED.finditer(text, taken) if near else ():
            letters = _GAP.sub("", found.group()).lower()
            for table in (LEET, LEET_L):
                words = self._segmented(letters.translate(table))
                if words:
                    yield found.start(), found.end(), words
                    break

    def _gapped(self, run: str) -> list[tuple[int, int, str]]:
        """Single letters as words, where the wider gaps between them part words; none where these are no words."""
        gaps = [found.span() for found in _GAP.finditer(run)]
        signs = [run[start:end] for start, end in gaps]
        usual = min(set(signs), key=lambda sign: (len(sign), -signs.count(sign)))
        wide = [gap for gap, sign in zip(gaps, signs, strict=True) if sign != usual]
        if not wide:
            return []
        bounds = list(zip([0, *(end for _, end in wide)], [*(start for start, _ in wide), len(run)], strict=True))
        for table in (LEET, LEET_L):
            words = [_GAP.sub("", run[start:end]).translate(table) for start, end in bounds]
            if max(map(len, words)) > 2 and all(map(self.is_word, words)):
                written = [(*place, word) for place, word in zip(bounds, words, strict=True) if len(word) > 1]
                return sorted(written + [(*gap, " ") for gap in wide])
        return []

    def _segmented(self, letters: str) -> str:
        """The letters as known words, the longest words preferred, or "" where they make none of four letters."""
        best: list[tuple[int, str] | None] = [(0, "")] + [None] * len(letters)
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - 14), end):
                word, before = letters[start:end], best[start]
                size = end - start
                if before is None or not (word in self._known if size > 2 else word in SMALL):
                    continue
                score = before[0] + size * size + _LIKELY * (word in _SAID or word in _SAID_BRIEFLY)
                held = best[end]
                if held is None or score > held[0]:
                    best[end] = (score, f"{before[1]} {word}".strip())
        whole = best[-1]
        return whole[1] if whole is not None and max(map(len, whole[1].split())) >= 4 else ""
