"""Name keys: every usual way to write a name gives a key of the person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.directory.names.name_keys import fold_words, person_keys, shown_keys


@given(st.text(), st.text(), st.text())
def test_every_name_matches_itself_in_both_orders(given_: str, middle: str, family: str) -> None:
    keys = set(person_keys(given_, middle, family))
    shown_keys(f"{given_} {middle} {family}")
    simple = all(each.isalpha() and each.isascii() and len(each) > 2 for each in (given_, family))
    if simple:
        assert keys & set(shown_keys(f"{given_} {family}")[0])
        assert keys & set(shown_keys(f"{family}, {given_}")[0])


@given(st.text())
def test_folding_is_the_same_for_its_own_result(text: str) -> None:
    once = fold_words(text)
    assert all(each and not each.isdigit() for each in once)
    assert fold_words(text.upper()) == fold_words(text.lower()) or not text.isascii()
