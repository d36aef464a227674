"""The documents are correct: links resolve, paths exist, commands parse, TOML loads, and pages are complete."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from gateway.cli import parser
from gateway.core.messages.verdict import FAILURES

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md")
    for path in ROOT.glob(pattern)
    if "libs" not in path.parts
)
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
FOLDERS = ("gateway", "classifiers", "deploy", "docs", "tests", ".ci")
MAX_README_LINES = 130
MAX_PICTURE = 150_000

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./@*<>-]+")


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as mkdocs and GitHub make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).strip().replace(" ", "-") for heading in headings}


def code_lines(page: Path) -> list[str]:
    """The command lines of a page: shell blocks, indented blocks, and code spans; continued lines joined."""
    text = text_of(page)
    shell = [match[3] for match in _FENCE.finditer(text) if match[2] in ("sh", "")]
    indented = re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)
    spans = re.findall(r"`(chaperone [^`\n]+)`", text)
    joined = re.sub(r"\\\n\s*", " ", "\n".join([*shell, *indented, *spans]))
    return [line.strip() for line in joined.splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_relative_links_resolve(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", text_of(page))):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_named_paths_exist(page: Path) -> None:
    missing = []
    for path in _PATH.findall(text_of(page)):
        name = path.rstrip(".")
        if "<" in name or name.startswith(("deploy/.env", "deploy/kafka/libs", "docs/images/")):
            continue
        if not list(ROOT.glob(name.rstrip("/"))):
            missing.append(path)
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_parse(page: Path) -> None:
    wrong = []
    for line in code_lines(page):
        match = re.match(r"(?:\$ )?(?:\.venv/bin/)?(chaperone(?: .+)?)$", line)
        if match is None:
            continue
        command = re.split(r" [<>|] ?|…", match[1])[0]
        words = shlex.split(command, comments=True)[1:]
        if words and words[0].isupper():
            continue  # a placeholder
        if not _parses(words):
            wrong.append(command)
    assert not wrong


_parser = cache(parser)


def _parses(words: list[str]) -> bool:
    try:
        _parser().parse_args(words)
    except SystemExit as end:
        if end.code:  # `chaperone held` and the like name a group of commands
            return bool(words) and _names_group(words)
    return True


def _names_group(words: list[str]) -> bool:
    """Whether the words are a command, or a group with an action, without its arguments."""
    try:
        _parser().parse_args([*words, "--help"])
    except SystemExit as end:
        return not end.code
    return False


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_toml_blocks_load(page: Path) -> None:
    for indent, language, block in _FENCE.findall(text_of(page)):
        if language == "toml":
            tomllib.loads(re.sub(rf"^{indent}", "", block, flags=re.MULTILINE))


def _names_in(module: str) -> set[str]:
    """The names that a module of the repository defines or imports; its submodules if it is a package."""
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    names = {child.stem for child in path.glob("*.py")} if path.is_dir() else set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
    return names


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_python_blocks_parse_and_import_existing_names(page: Path) -> None:
    text = text_of(page)
    new_modules = {f"{folder}/{name}".replace("/", ".") for folder, name in re.findall(r"([\w/]+)/<(\w+)>\.py", text)}
    missing = []
    for _, language, block in _FENCE.findall(text):
        if language != "python" or "import " not in block:
            continue
        for node in ast.walk(ast.parse(block)):
            if not isinstance(node, ast.ImportFrom) or node.module in new_modules:
                continue
            if str(node.module).split(".")[0] in ("gateway", "classifiers"):
                known = _names_in(str(node.module))
                missing += [f"{node.module}.{alias.name}" for alias in node.names if alias.name not in known]
    assert not missing


def test_make_targets_exist() -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:`|^ {4})make ([a-z-]+)", text_of(page), re.MULTILINE)}
    assert named
    assert named <= targets


def test_every_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]

    def files(entry: object) -> list[str]:
        match entry:
            case str():
                return [entry]
            case dict():
                return [name for value in entry.values() for name in files(value)]
            case list():
                return [name for item in entry for name in files(item)]
        raise AssertionError(entry)

    pages = {str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")}
    assert sorted(files(nav)) == sorted(pages)


def test_architecture_lists_every_failure_word_and_cited_section() -> None:
    architecture = ROOT / "docs" / "architecture.md"
    assert not [word for word in FAILURES if f"`{word}`" not in text_of(architecture)]
    files = [path for room in ("gateway", "classifiers") for path in (ROOT / room).rglob("*.py")]
    cited = {
        section.lower()
        for path in files
        for section in re.findall(r"docs/architecture\.md, ([A-Z][\w -]+)", path.read_text(encoding="utf-8"))
    }
    assert cited
    assert cited <= {heading.replace("-", " ") for heading in anchors(architecture)}


def test_decisions_have_context_choice_and_cost() -> None:
    decisions = [page for page in PAGES if page.parent.name == "decisions" and page.name != "index.md"]
    assert len(decisions) >= 10
    for page in decisions:
        for heading in ("**Context.**", "**Choice.**", "**Given up.**"):
            assert heading in text_of(page), f"{page.name} lacks {heading}"


def test_glossary_terms_are_unique_and_sorted() -> None:
    rows = re.findall(r"^\| \*\*(.+?)\*\* \|", text_of(ROOT / "docs" / "glossary.md"), re.MULTILINE)
    terms = [term.strip() for row in rows for term in row.split(",")]
    assert len(rows) >= 30
    assert len(set(terms)) == len(terms)
    assert rows == sorted(rows)


def test_readme_is_short_and_its_pictures_are_small() -> None:
    text = text_of(ROOT / "README.md")
    assert len(text.splitlines()) <= MAX_README_LINES
    pictures = [ROOT / name for name in re.findall(r"!\[[^\]]*\]\((\S+\.png)\)", text)]
    assert len(pictures) == 2
    assert all(picture.stat().st_size <= MAX_PICTURE for picture in pictures)


def test_code_cites_only_pages_of_the_repository() -> None:
    patterns = ("*.py", "*.toml", "*.yaml", "*.yml", "Makefile")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    cited = set()
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        if name and path.is_file() and path != Path(__file__):
            cited |= set(re.findall(r"[\w/]*[\w-]+\.md\b", path.read_text(encoding="utf-8", errors="replace")))
    assert "DESIGN.md" not in cited
    known = {page.name for page in ROOT.glob("**/*.md") if not {".venv", "build", "node_modules"} & set(page.parts)}
    assert not {name for name in cited if name.rpartition("/")[2] not in known}
