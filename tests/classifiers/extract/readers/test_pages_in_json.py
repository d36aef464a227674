"""Strings of JSON that are pages, such as the outputs of a notebook, are read as pages."""

from __future__ import annotations

import json

import pytest

from classifiers.extract.extraction import extract_message

PHRASE = "bring gloves and a jacket"
FORMS = {
    "comments": f"<p>{'<!--q-->'.join(PHRASE)}</p>",
    "spans": "".join(f"<span>{letter}</span>" for letter in PHRASE),
    "decoys": "".join(f"{letter}<i style='display:none'>q</i>" for letter in PHRASE),
    "references": "".join(f"&#{ord(letter)};" for letter in PHRASE),
    "drawing": f"<svg><text>{''.join(f'<tspan>{letter}</tspan>' for letter in PHRASE)}</text></svg>",
}


def _texts(data: object) -> str:
    content = (
        "Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n"
        'Content-Type: application/json\r\nContent-Disposition: attachment; filename="a.ipynb"\r\n\r\n'
        f"{json.dumps(data, indent=1)}\r\n--q--\r\n"
    )
    return "\n".join(passage.text for passage in extract_message(content.encode()).passages)


@pytest.mark.parametrize("as_lines", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_a_page_in_a_string_is_read(form, as_lines):
    page = FORMS[form]
    source = [page[at : at + 20] for at in range(0, len(page), 20)] if as_lines else page
    cell = {"cell_type": "code", "outputs": [{"data": {"text/html": source, "text/plain": ["<table>"]}}]}
    assert PHRASE in _texts({"cells": [cell], "metadata": {}, "nbformat": 4})


def test_many_strings_are_read():
    assert PHRASE in _texts([*(["<b>x</b>"] * 100), FORMS["decoys"]])


def test_json_that_is_none_or_too_deep_changes_nothing():
    assert _texts({"a": 1, "b": ["x", "y"]})
    assert "practice" in _texts(["[" * 5_000 + "practice"])
