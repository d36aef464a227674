"""Public sets of ordinary talk are read as their authors publish them, and one text in ten is never learned from."""

from __future__ import annotations

import json
from pathlib import Path

from classifiers.training.examples.ordinary_talk import KNOWN, ORDINARY_SETS, read_ordinary_talk


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def texts(folder: Path) -> set[tuple[str, str]]:
    """Set and text of every row, learned or measured."""
    return {(row.source, row.text) for held_out in (False, True) for row in read_ordinary_talk(folder, held_out)}


def test_sets_are_read(tmp_path: Path) -> None:
    write(tmp_path / "clinc/data/data_full.json", json.dumps({"train": [["what  is my balance", "balance"]]}))
    write(tmp_path / "banking/banking_data/train.csv", 'text,category\n"my card, please",card\n')
    write(tmp_path / "restaurants/span_extraction/restaurant8k/test.json", '[{"userInput": {"text": "for two"}}]')
    write(tmp_path / "schema_guided/train/dialogues_001.json", '[{"turns": [{"utterance": "A table at six?"}]}]')
    write(tmp_path / "taskmaster/TM-4-2024/data/data_00.json", '[{"utterances": [{"text": "one chai"}]}]')
    write(
        tmp_path / "taskmaster_tickets/TM-3-2020/splits/train/train-bc.tsv",
        "<C><U>any films today?<A>yes, two<U>the first<PN>find\t[A]It starts at six.\tdlg-1\n",
    )
    turns = "data/paper_splits/splits_annotated_at_turn_level/media/dev.tsv"
    write(tmp_path / "multidogo" / turns, "conversationId\tturnNumber\tutterance\n1\t0\tmy box is off\n")
    write(tmp_path / "topical_chat/conversations/a.json", '{"t": {"content": [{"message": "Do you ski?"}]}}')
    snips = "2017-06-custom-intent-engines/PlayMusic/train_PlayMusic_full.json"
    write(tmp_path / "snips" / snips, '{"PlayMusic": [{"data": [{"text": "play "}, {"text": "jazz"}]}]}')
    write(tmp_path / "home_assistant/AnnotatedData/a.csv", "status;answer\n;lights off\nIRR_XX;nonsense\n")
    newspaper = "# newdoc id = weblog-1\n# text = Left out.\n"
    mail = "# newdoc id = email-1\n# newpar id = p\n# text = Thanks, Jo.\n# text = See you.\n"
    write(tmp_path / "web_treebank/en.conllu", newspaper + mail)
    write(tmp_path / "spanish_web/es.conllu", "# text = Hola a todos.\n")
    assert texts(tmp_path) == {
        ("clinc", "what is my balance"), ("banking", "my card, please"), ("restaurants", "for two"),
        ("schema_guided", "A table at six?"), ("taskmaster", "one chai"), ("taskmaster_tickets", "any films today?"),
        ("taskmaster_tickets", "yes, two"), ("taskmaster_tickets", "the first"),
        ("taskmaster_tickets", "It starts at six."), ("multidogo", "my box is off"), ("topical_chat", "Do you ski?"),
        ("snips", "play jazz"), ("home_assistant", "lights off"), ("web_treebank", "Thanks, Jo. See you."),
        ("spanish_web", "Hola a todos."),
    }  # fmt: skip


def test_share_depends_on_the_words_only(tmp_path: Path) -> None:
    rows = [f"row number {number}" for number in range(400)]
    for name, order in (("a", rows), ("b", [*rows[::-1], "Row number 7!"])):
        write(tmp_path / name / "clinc/data/data_full.json", json.dumps({"x": [[row, ""] for row in order]}))
    learned, measured = (list(read_ordinary_talk(tmp_path / "a", held_out)) for held_out in (False, True))
    assert len(learned) + len(measured) == 400
    assert 20 < len(measured) < 70
    again = {row.text for row in read_ordinary_talk(tmp_path / "b", held_out=True)}
    assert {row.text.lower() for row in measured} == {row.lower().rstrip("!") for row in again}
    assert {row.sender for row in learned} == {"staff", "student"}
    assert all(row.known == KNOWN and not row.labels and row.distress is False for row in learned)


def test_doubtful_words_are_left_out_where_nobody_labeled_the_texts(tmp_path: Path) -> None:
    lines = "# text = A quiet evening.\n# text = He bought a gun.\n# text = Fue a la bar.\n"
    write(tmp_path / "spanish_web/es.conllu", lines)
    assert texts(tmp_path) == {("spanish_web", "A quiet evening.")}


def test_sets_name_source_and_licence() -> None:
    assert len({one.name for one in ORDINARY_SETS}) == len(ORDINARY_SETS)
    assert all(one.source.startswith("github.com/") and one.licence and one.register for one in ORDINARY_SETS)
