"""Words: a text cut into words and what stands between them, and its evidence begun."""

from __future__ import annotations

import re

from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from classifiers.features.annotations import KEY, Evidence

ANEW = 200_000
"""Words after which the vocabulary is begun anew: a memory zone forgets words, but spaCy's tables keep their places."""

_TOKEN = re.compile(r"([^\W_]+(?:'[^\W_]+)*)( ?)|([^\w\s]+|_+)( ?)|(\s+)")


class Words:
    """The tokenizer of the pipeline: contractions stay whole, punctuation and line ends are tokens of their own."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        self.met = 0

    def __call__(self, text: str) -> Doc:
        """The doc of a text, whose evidence has the text and its words."""
        tokens, spaces, words = [], [], []
        for found in _TOKEN.finditer(text):
            word, space, sign, behind, blank = found.groups()
            if word is not None:
                tokens.append(word)
                spaces.append(space == " ")
                start = found.start()
                words.append((word.lower(), start, start + len(word)))
            elif sign is not None:
                tokens.append(sign)
                spaces.append(behind == " ")
            else:
                tokens.append(blank)
                spaces.append(False)
        self.met += len(tokens)
        doc = Doc(self.vocab, words=tokens, spaces=spaces)
        doc.user_data[KEY] = Evidence(text=text, words=words)
        return doc


def begin_anew(nlp: Language) -> None:
    """Give a pipeline a new vocabulary once it has met ANEW words; the docs that it has in hand keep theirs."""
    words = nlp.tokenizer
    if isinstance(words, Words) and words.met > ANEW:
        nlp.vocab = words.vocab = Vocab()
        words.met = 0
