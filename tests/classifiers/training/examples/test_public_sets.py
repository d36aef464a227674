"""Public sets are read with their labels and held-out rows."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from classifiers.training.examples.public_sets import read_public_sets


def test_public_sets_have_labels_and_held_out_rows(tmp_path: Path) -> None:
    rows = [{"text": f"text {n}", "label": "not sexist" if n % 5 else "2. derogation"} for n in range(48)]
    (tmp_path / "edos.jsonl").write_text("\n".join(map(json.dumps, rows)))
    used, unused = list(read_public_sets(tmp_path)), list(read_public_sets(tmp_path, held_out=True))
    assert Counter(example.hold for example in used) == {False: 34, True: 10}
    assert len(unused) == 4  # one in ten
    assert not {example.id for example in used} & {example.id for example in unused}
    assert all("8" not in example.known for example in used)
