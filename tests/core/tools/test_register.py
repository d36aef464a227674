"""The register of tools: what is in force when, by domain and by name, and what a use is counted as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.tools.register import (
    RegisterOverTime,
    Tool,
    ToolRegister,
    ToolState,
    ToolUse,
    is_ordinary,
    still_unregistered,
    used_tool,
)

NOW = 1_900_000_000.0
QUIZ = Tool("quiz.example", "Quiz", "D", "hs", "R")


@pytest.mark.parametrize(
    ("changed", "in_force"),
    [
        ({}, True),
        ({"until": NOW + 1}, True),
        ({"until": NOW}, False),
        ({"administrator_access": ""}, False),
        ({"state": ToolState.REQUESTED}, False),
        ({"state": ToolState.REMOVED}, False),
    ],
)
def test_tool_is_in_force_while_registered_with_access(changed, in_force):
    assert replace(QUIZ, **changed).is_in_force(NOW) is in_force


@pytest.mark.parametrize(
    ("cue", "found"),
    [
        ("quiz.example", True), ("www.quiz.example", True), ("QUIZ.EXAMPLE", True), ("notquiz.example", False),
        ("example", False), ("invitation:quiz", True), ("invitation:quizzes", False), ("shortener:quiz.example", True),
        ("", False),
    ],
)  # fmt: skip
def test_cue_stands_for_a_tool(cue, found):
    assert (ToolRegister.of([QUIZ]).of_cue(cue) is QUIZ) is found


@pytest.mark.parametrize("name", ["Google Classroom", "Classroom"])
def test_short_and_full_names_stand_for_a_tool(name):
    register = ToolRegister.of([replace(QUIZ, domain="classroom.google.com", name=name)])
    assert register.named("googleclassroom") is not None


def test_domain_of_a_known_tool_stands_for_its_name():
    assert ToolRegister.of([replace(QUIZ, domain="remind.com", name="Messages")]).named("remind") is not None
    assert ToolRegister.of([replace(QUIZ, name="The school app")]).named("school") is None


def test_tools_of_the_file_count_until_the_store_knows_their_domain():
    register = RegisterOverTime([replace(QUIZ, state=ToolState.REMOVED)], [QUIZ, replace(QUIZ, domain="b.example")])
    assert set(register.at(NOW).by_domain) == {"b.example"}


def test_register_changes_when_a_registration_ends():
    register = RegisterOverTime([replace(QUIZ, until=NOW), replace(QUIZ, domain="b.example", until=NOW + 9)], ())
    assert [len(register.at(at).by_domain) for at in (NOW - 1, NOW, NOW + 8, NOW + 9)] == [2, 1, 1, 0]
    assert register.at(NOW) is register.at(NOW + 8)


@pytest.mark.parametrize(
    ("cue", "tool"),
    [
        ("play.kahoot.it", "kahoot.com"), ("invitation:kahoot", "kahoot.com"), ("a.b.quiz.example", "quiz.example"),
        ("www.quiz.co.uk", "quiz.co.uk"), ("invitation:brightwhiz", "brightwhiz"), ("shortener:bit.ly", ""),
    ],
)  # fmt: skip
def test_use_is_counted_by_tool(cue, tool):
    assert used_tool(cue) == tool


def test_uses_of_what_is_registered_now_are_left_out():
    uses = [ToolUse(tool, 1, 1, NOW, NOW) for tool in ("quiz.example", "other.example", "quiz", "other")]
    assert [use.tool for use in still_unregistered(uses, ToolRegister.of([QUIZ]))] == ["other.example", "other"]


@pytest.mark.parametrize(
    ("host", "ordinary"),
    [
        ("en.news.example", True), ("news.example", True), ("fakenews.example", False), ("epa.gov", True),
        ("ames.k12.ia.us", True), ("iastate.edu", True), ("sep.gob.mx", True), ("unam.edu.mx", True),
        ("ox.ac.uk", True), ("zoom.us", False), ("kahoot.it", False), ("gov.example", False),
        ("classroom.google.com", False), ("docs.google.com", True), ("scratch.mit.edu", False),
    ],
)  # fmt: skip
def test_ordinary_sites_and_public_institutions(host, ordinary):
    assert is_ordinary(host, frozenset({"news.example", "google.com"})) is ordinary
