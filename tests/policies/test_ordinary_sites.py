"""The shipped list of ordinary sites: plain, sorted, and without tools."""

from __future__ import annotations

from pathlib import Path

import gateway.policies
from gateway.core.tools.domains import as_domain, is_public_institution, with_parents
from gateway.core.tools.known import NAME_BY_DOMAIN
from gateway.policies import SHIPPED, ordinary_sites, read
from tests.core.samples import NO_VERDICT

FILE = Path(gateway.policies.__file__).parent / "ordinary_sites.txt"


def test_list_is_sorted_and_has_each_domain_once() -> None:
    lines = [line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
    assert [line for line in lines if as_domain(line) != line or is_public_institution(line)] == []
    assert set(lines) == ordinary_sites()


def test_list_has_no_tool_and_no_domain_below_another() -> None:
    assert [site for site in ordinary_sites() if site in NAME_BY_DOMAIN] == []
    assert [site for site in ordinary_sites() if set(with_parents(site)[1:]) & ordinary_sites()] == []


def test_policy_file_and_district_add_to_the_list(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('ordinary_sites = ["Gazette.example.com"]\n' + SHIPPED.read_text("utf-8"), "utf-8")
    policy = read(file, NO_VERDICT, ["riverbend.example"])
    for host in ("www.gazette.example.com", "riverbend.example", "en.wikipedia.org", "docs.google.com", "iowa.gov"):
        assert policy.allows_tool(host), host
    for host in ("kahoot.it", "quiz.example.com", "zoom.us", "notriverbend.example", "classroom.google.com"):
        assert not policy.allows_tool(host), host
