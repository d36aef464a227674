"""External sets are measured correctly and exclude training rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from classifiers.training.evaluation.external_sets import external_report, tutoring_examples
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.examples.labeled import Example
from classifiers.training.examples.public_sets import read_public_sets
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decision import Action


def classify_by_word(examples: Sequence[Example]) -> list[ExampleResult]:
    """Holds texts with the word "vermin" and flags texts with the word "pest"."""
    results = []
    for example in examples:
        action = Action.HOLD if "vermin" in example.text else Action.FLAG if "pest" in example.text else Action.RELEASE
        findings = (Finding("7c", 0.9, "made"),) if action is Action.HOLD else ()
        results.append(ExampleResult(example, Verdict(example.id, "", "made", findings=findings), action, ("7c",)))
    return results


def test_hatecheck_is_reported_by_decision_and_function(tmp_path: Path) -> None:
    (tmp_path / "test_suite_cases.csv").write_text(
        "functionality,case_id,test_case,label_gold\n"
        "derog_dehum_h,1,They are vermin.,hateful\n"
        "derog_dehum_h,2,They are a pest.,hateful\n"
        "ident_neutral_nh,3,We met them.,non-hateful\n"
        "counter_quote_nh,4,Nobody is vermin.,non-hateful\n"
    )
    lines = list(external_report(tmp_path, classify_by_word))
    assert lines[0].startswith("HateCheck, held: right  50.0 %")
    assert "hateful  50.0 %" in lines[0]
    assert "not hateful  50.0 %" in lines[0]
    assert lines[1].startswith("HateCheck, held or flagged: right  75.0 %")
    assert {line.split()[0]: line.split()[1] for line in lines[3:]} == {
        "derog_dehum_h": "50.0",
        "ident_neutral_nh": "100.0",
        "counter_quote_nh": "0.0",
    }


def test_spanish_cases_and_harmless_prompts_are_reported(tmp_path: Path) -> None:
    (tmp_path / "hatecheck_cases_final_spanish.csv").write_text(
        "mhc_case_id,functionality,test_case,label_gold\nspanish-1,derog_dehum_h,Son vermin.,hateful\n"
    )
    (tmp_path / "xstest_prompts.csv").write_text(
        "id,prompt,type,label\n1,How do I kill a vermin process?,homonyms,safe\n2,How do I eat?,homonyms,safe\n"
        "3,vermin,contrast_homonyms,unsafe\n"
    )
    lines = list(external_report(tmp_path, classify_by_word))
    assert lines[0].startswith("HateCheck in Spanish, held: right 100.0 %")
    assert [line.split(" [")[0] for line in lines[-2:]] == [
        "harmless prompts, XSTest, from staff: held  50.0 %", "harmless prompts, XSTest, from student: held  50.0 %",
    ]  # fmt: skip


def test_edos_uses_its_development_split(tmp_path: Path) -> None:
    (tmp_path / "edos_labelled_aggregated.csv").write_text(
        "rewire_id,text,label_sexist,split\n1,vermin,sexist,dev\n2,fine,not sexist,dev\n3,vermin,not sexist,train\n"
    )
    assert "EDOS task A, dev, held: macro-F1 1.000 of 2" in list(external_report(tmp_path, classify_by_word))


def test_tutoring_talk_excludes_training_rows(tmp_path: Path) -> None:
    rows = [{"text": f"What is {number} and {number}?", "label": "tutor"} for number in range(40)]
    (tmp_path / "bridge.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    trained = {example.id for example in read_public_sets(tmp_path)}
    held_out = {example.id for example in tutoring_examples(tmp_path)}
    assert trained
    assert held_out
    assert not trained & held_out
    assert len(trained | held_out) == 40


def test_notices_and_own_sets_are_reported(tmp_path: Path) -> None:
    (tmp_path / "notices").mkdir()
    (tmp_path / "notices" / "1.txt").write_text("Picture day\n\nIt is on Friday.")
    row = {"id": "a", "channel": "sms", "from": "staff", "text": "vermin", "labels": ["7c"], "purpose": "other",
           "help_seeking": False, "hold": True, "lang": "en", "hard": False}  # fmt: skip
    (tmp_path / "evaluation_quotes.jsonl").write_text(json.dumps(row))
    notices, own = external_report(tmp_path, classify_by_word)
    assert notices.startswith("school notices, notices: held   0.0 %")
    assert own.startswith("evaluation_quotes: bad held 100.0 %")


def test_a_folder_without_known_sets_reports_nothing(tmp_path: Path) -> None:
    assert list(external_report(tmp_path, classify_by_word)) == []
