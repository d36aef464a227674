"""Settings: the file, the environment over it, secrets, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings.model import SettingsError, load

LEAST = """
[district]
domains = ["riverbend.example"]
[directory]
oneroster = "oneroster/"
[smtp.next_hop]
"*" = "127.0.0.1:2600"
"""


def loaded(folder: Path, more: str = "", **environment: str):
    """The settings of a minimal configuration with some more lines."""
    file = folder / "chaperone.toml"
    file.write_text(LEAST + more)
    return load(file, environment)


@pytest.mark.parametrize(
    ("more", "secret"),
    [
        ('[bus]\npassword_file = ""', lambda of: of.bus.password),
        ('[console.oidc]\nclient_secret_file = ""', lambda of: of.console.oidc.client_secret),
    ],
)
def test_an_empty_secret_file_is_none(tmp_path: Path, more: str, secret) -> None:
    assert secret(loaded(tmp_path, more)) == ""


def test_a_secret_is_read_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "bus.secret").write_text("hush\n")
    assert loaded(tmp_path, '[bus]\npassword_file = "bus.secret"').bus.password == "hush"
    with pytest.raises(SettingsError, match=r"bus\.password_file: the file cannot be read"):
        loaded(tmp_path, '[bus]\npassword_file = "nowhere.secret"')


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "old.secret").write_text("old")
    (tmp_path / "new.secret").write_text("new")
    more = '[bus]\npassword_file = "old.secret"\nurl = "local:"\n[policy.no_verdict]\nstaff_to_student = "hold"'
    found = loaded(
        tmp_path, more,
        CHAPERONE_BUS__PASSWORD="plain", CHAPERONE_BUS__URL="kafka://broker:9092",
        CHAPERONE_POLICY__NO_VERDICT__STAFF_TO_STUDENT="release", CHAPERONE_SMTP__LISTEN='["127.0.0.1:1", "[::1]:2"]',
        CHAPERONE_SMTP__WORKERS="3", CHAPERONE_TEST_REQUIRE="all", HOME="/nowhere",
    )  # fmt: skip
    assert (found.bus.password, found.bus.url) == ("plain", "kafka://broker:9092")
    assert found.policy.no_verdict.staff_to_student == "release"
    assert (found.smtp.listen, found.smtp.workers) == (("127.0.0.1:1", "[::1]:2"), 3)
    assert loaded(tmp_path, more, CHAPERONE_BUS__PASSWORD_FILE="new.secret").bus.password == "new"


@pytest.mark.parametrize("name", ["CHAPERONE_BUS__NO_SUCH_KEY", "CHAPERONE_NO_SUCH_SECTION__URL"])
def test_an_unknown_name_in_the_environment_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="unknown key"):
        loaded(tmp_path, **{name: "x"})


@pytest.mark.parametrize(
    ("more", "hint"),
    [
        ('[smpt]\nlisten = ["127.0.0.1:1"]', 'smpt: unknown key; did you mean "smtp"?'),
        ("[smtp.retyr]\n", "smtp.retyr: unknown key"),
        ('[metrics]\nlisetn = "127.0.0.1:1"', 'metrics.lisetn: unknown key; did you mean "metrics.listen"?'),
        ('[notify]\nfrm = "x@riverbend.example"', 'notify.frm: unknown key; did you mean "notify.from"?'),
        ("[console.oidc]\nisuer = 'x'", 'console.oidc.isuer: unknown key; did you mean "console.oidc.issuer"?'),
        ("[console]\nqqqqqqqqqqqqqqqqqqqqqqqqqq = 1", "unknown key; remove it or correct its spelling"),
    ],
)
def test_an_unknown_key_says_what_was_probably_meant(tmp_path: Path, more: str, hint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, more)
    assert hint in str(refused.value)


@pytest.mark.parametrize(
    ("written", "read"), [("normalise", "normalize"), ("normalize", "normalize"), ("refuse", "refuse")]
)
def test_bare_newline_takes_both_spellings(tmp_path: Path, written: str, read: str) -> None:
    assert loaded(tmp_path, CHAPERONE_SMTP__BARE_NEWLINE=written).smtp.bare_newline == read
    with pytest.raises(SettingsError, match=r"smtp\.bare_newline"):
        loaded(tmp_path, CHAPERONE_SMTP__BARE_NEWLINE="keep")
