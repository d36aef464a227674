"""A page that is hardly more than a picture from elsewhere is reported; pictures beside text and tiny ones are not."""

from __future__ import annotations

import pytest

from gateway.core.mime.html import DRAWING, read_html

PICTURES = [
    "<img src='{}'>",
    "<a href='https://b.example/'><img src='{}' width=600 height=400></a>",
    "<div style='font-size:0'><img src='{}'></div>",
    "<img srcset='{} 2x'>",
    "<picture><source srcset='{}'><img></picture>",
    "<svg width=500 height=400><image href='{}' width=500 height=400 /></svg>",
    "<input type=image src='{}'>",
    "<object data='{}'></object>",
    "<video poster='{}'></video>",
    "<table background='{}'><tr><td>&nbsp;</table>",
    "<body background='{}'></body>",
    "<div style='background:url({});height:300px'></div>",
    "<div style='background-image:url(\"{}\")'></div>",
    "<style>.a{{background-image:url({})}}</style><div class=a></div>",
    "<style>.a::before{{content:url({})}}</style><b class=a></b>",
    "<style>li{{list-style-image:url(x);background:url({}) no-repeat}}</style><ul><li></ul>",
    "<!--[if mso]><v:rect style='width:500px'><v:fill src='{}'/></v:rect><![endif]-->",
    "<img src='{}'><p>Hello <a href='https://b.example/a-long-address-of-a-page'>see</a></p>",
]
ADDRESSES = ["https://pics.example/a.png", "HTTP://pics.example/a.png", "//pics.example/a.png"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("form", PICTURES)
def test_a_page_that_is_a_picture_is_reported(form, address):
    assert read_html(form.format(address)).gaps == (DRAWING,)
    assert read_html(f"<p>Practice is on Tuesday at four in the gymnasium.</p>{form.format(address)}").gaps == ()


def test_a_picture_may_have_an_address_within_a_base():
    assert read_html("<base href='https://pics.example/'><img src=a.png>").gaps == (DRAWING,)
    assert read_html("<img src=a.png>").gaps == ()


@pytest.mark.parametrize(
    "form",
    [
        "<img src='{}' width=1 height=1>",
        "<img src='{}' height=2>",
        "<img src='{}' style='width:16px;height:16px'>",
        "<img src='{}' style='display:none'>",
        "<img src='{}' style='opacity:0'>",
        "<div style='visibility:hidden'><img src='{}'></div>",
        "<a href='{}'>x</a>",
        "<link rel=icon href='{}'>",
        "<style>.b{{background:url({})}}</style><div class=a></div>",
        "<!--[if mso]><xml><x a='{}'/></xml><![endif]-->",
    ],
)
def test_what_shows_no_words_is_not_reported(form):
    assert read_html(form.format("https://pics.example/a.png")).gaps == ()


@pytest.mark.parametrize("address", ["cid:1@b.example", "data:image/png;base64,AAAA", "a.png", ""])
def test_pictures_in_the_mail_are_read_elsewhere(address):
    assert read_html(f"<img src='{address}'>").gaps == ()
