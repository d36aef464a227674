from __future__ import annotations

import base64
import gzip
import zlib
from urllib.parse import quote

import pytest

from classifiers.extract.hidden_writing.codes import is_sentence
from classifiers.extract.hidden_writing.link_words import words_of_links

_SAID = "meet me alone at my home tonight"
_ACCENTED = "méet mé alóne àt mỳ höme tónight"
_PACKERS = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "raw": lambda data: zlib.compress(data, wbits=-15),
}


@pytest.mark.parametrize(
    "link",
    [
        f"https://a.example/{_SAID.replace(' ', '-')}",
        f"https://a.example/{_SAID.replace(' ', '.')}",
        f"https://a.example/?q={quote(quote(quote(_SAID)))}",
        f"https://a.example/{_SAID.title().replace(' ', '')}",
        "https://a.example/?" + "&".join(f"w{at}={word}" for at, word in enumerate(_SAID.split())),
        f"https://a.example/#{base64.urlsafe_b64encode(_SAID.encode()).decode()}",
        f"https://a.example/?m={base64.urlsafe_b64encode(_SAID.replace(' ', chr(10)).encode()).decode()}",
        f"https://a.example/{quote(''.join(f'&#{ord(letter)};' for letter in _SAID))}",
        f"https://a.example/{_SAID.translate(str.maketrans('aeio', '4310')).replace(' ', '-')}",
        f"https://a.example/?d={_SAID.encode().hex()}",
        f"{_SAID.replace(' ', '.')}@a.example",
        "https://a.example/?" + "&".join(f"{word}={at}" for at, word in enumerate(_SAID.split())),
        "https://a.example/?" + ";".join(f"{word}=" for word in _SAID.split()),
        "https://" + ".".join(f"xn--{word.encode('punycode').decode()}" for word in _ACCENTED.split()) + ".example/",
        "https://a.example/" + "".join(f"%u{ord(letter):04x}" for letter in _SAID),
        *(f"https://a.example/?q={quote(mark.join(_SAID))}" for mark in "\u200b\u2068\u202c\u034f"),
    ],
)
def test_sentence_in_an_address_is_read(link: str) -> None:
    (words,) = words_of_links(f"See {link} for more", is_sentence)
    assert _SAID.split()[1:6] == [word for word in words.lower().split() if word in _SAID.split()][1:6]


@pytest.mark.parametrize(
    "link",
    [
        "https://news.example/2025/11/03/how-to-choose-a-college-in-five-steps",
        "https://support.example/default.aspx?scid=kb;EN-US;Q172668",
        "first.last@students.north.district.k12.example.us",
        "https://a.example/assets/x/y/z/0f9d8c7b6a5948372615049382716f5e4d3c2b1a.css",
    ],
)
def test_ordinary_address_says_nothing(link: str) -> None:
    assert list(words_of_links(link, is_sentence)) == []


@pytest.mark.parametrize(
    "written", ["{0} https://a.example/{1}", "[{0}](https://a.example/{1})", "{0}\n<https://a.example/{1}>"]
)
def test_words_before_an_address_each_are_read_together(written: str) -> None:
    text = "\n".join(written.format(word, at) for at, word in enumerate(_SAID.split()))
    assert next(words_of_links(text, is_sentence)) == _SAID


@pytest.mark.parametrize(
    "link", ["https://a.example/{}", "https://a.example/?q={}&id=7", "{}@a.example", "#{}", "x/{}."]
)
def test_words_of_an_address_that_run_together_are_read(link: str) -> None:
    together = "dontTellAnybodymeetmealonetonight".lower()
    assert list(words_of_links(f"See {link.format(together)} for more", is_sentence)) == [together]


@pytest.mark.parametrize("packer", _PACKERS)
@pytest.mark.parametrize("link", ["https://a.example/{}", "https://a.example/?d={}&id=7", "https://a.example/#{}"])
def test_packed_text_in_an_address_is_read(packer: str, link: str) -> None:
    code = base64.urlsafe_b64encode(_PACKERS[packer](_SAID.encode())).decode().rstrip("=")
    assert _SAID in list(words_of_links(link.format(code), is_sentence))


@pytest.mark.parametrize("link", ["https://a.example/{}", "<https://a.example/w/{}>", "https://a.example/?id={}"])
def test_word_in_base64_of_each_address_is_read(link: str) -> None:
    codes = [base64.urlsafe_b64encode(word.encode()).decode().rstrip("=") for word in _SAID.split()]
    assert next(words_of_links("\n".join(map(link.format, codes)), is_sentence)) == _SAID


def test_ends_of_ordinary_addresses_say_nothing() -> None:
    links = [
        f"https://a.example/{end}"
        for end in "dQw4w9WgXcQ 8Kx2 home about page contact help 9bZkp7q19f0 3tmd login".split()
    ]
    assert list(words_of_links("\n".join(links), is_sentence)) == []
