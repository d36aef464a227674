"""The demo's folder, configuration and ports."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gateway.core.fault import Fault
from gateway.demo.folder import DOMAINS, free_ports, prepare_folder, write_configuration
from gateway.settings.model import load


def test_the_gateway_accepts_the_configuration(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path / "demo")
    folder = write_configuration(folder, free_ports(), "127.0.0.1:1", "127.0.0.1:2")
    settings = load(folder.config, {})
    assert settings.smtp.listen == (folder.smtp,)
    assert settings.console.listen == folder.console
    assert settings.metrics.listen == folder.metrics
    assert {settings.smtp.next_hop[domain].address for domain in DOMAINS} == {("127.0.0.1:1",)}
    assert settings.smtp.next_hop["*"].address == ("127.0.0.1:2",)
    assert settings.directory.oneroster.is_dir()
    assert settings.directory.groups is not None
    assert settings.directory.groups.is_file()
    assert settings.directory.contacts is not None
    assert settings.directory.contacts.is_file()
    assert Path(settings.store.url.removeprefix("sqlite:///")).parent.is_dir()
    assert (folder.district.staff, folder.district.students, folder.district.schools) == (14, 40, 3)


def test_a_demo_folder_is_reused_with_changes_to_its_district(tmp_path: Path) -> None:
    write_configuration(prepare_folder(tmp_path), free_ports(), "127.0.0.1:1", "127.0.0.1:2")
    (tmp_path / "district/groups.csv").write_text("address,member\r\n", encoding="utf-8")
    prepare_folder(tmp_path)
    assert (tmp_path / "district/groups.csv").read_text(encoding="utf-8") == "address,member\n"


@pytest.mark.parametrize("name", ["chaperone.toml", "notes.txt"])
def test_a_folder_with_other_files_is_refused_and_unchanged(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[district]\n", encoding="utf-8")
    with pytest.raises(Fault, match="--dir"):
        prepare_folder(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "[district]\n"


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match="--dir"):
        prepare_folder(tmp_path / "file")


def test_ports_are_distinct_and_free() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        ports = free_ports()
        assert busy not in ports.values()
        assert len(set(ports.values())) == len(ports) == 7
        again = free_ports({"smtp": busy})
        assert again["smtp"] != busy
