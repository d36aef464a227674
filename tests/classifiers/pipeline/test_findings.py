"""The findings of a verdict and their order."""

from __future__ import annotations

from dataclasses import replace

from classifiers.pipeline.entity_resolution import NamedFinding, name_people
from classifiers.pipeline.findings import strongest_findings
from gateway.core.messages.verdict import Finding

RECORD_FINDING = Finding("8", 0.9, "confidential", cue="grade_of")


def test_findings_about_nobody_are_never_cut_off() -> None:
    many = [name_people(replace(RECORD_FINDING, cue=f"c{number}"), ("Avery",)) for number in range(60)]
    kept = strongest_findings([*many, RECORD_FINDING])
    assert RECORD_FINDING in kept
    assert isinstance(kept[-1], NamedFinding)
