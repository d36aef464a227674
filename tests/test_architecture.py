"""The architecture: which package may import which, what the core may not do, and limits that keep code readable."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.core.cached_value import cached_value

ROOT = Path(__file__).parents[1]

EDGES = ("relays", "transports", "bus", "store", "console", "directory", "reading")
INSIDE = (
    "gateway.core", "gateway.ports", "gateway.smpp", "gateway.observability", "gateway.stages", "gateway.policies",
)  # fmt: skip
TOP = ("gateway.assembly", "gateway.cli", "gateway.commands", "gateway.demo")
"""The top chooses and wires the parts. It may import everything, and only the top may import it."""

MAY_IMPORT = {
    "gateway.core": ("gateway.core",),
    "gateway.ports": ("gateway.core", "gateway.ports"),
    "gateway.smpp": ("gateway.core", "gateway.ports", "gateway.smpp"),
    "gateway.policies": ("gateway.core", "gateway.policies"),
    "gateway.observability": ("gateway.core", "gateway.ports", "gateway.observability"),
    "gateway.stages": INSIDE,
    "gateway.settings": ("gateway.core", "gateway.settings"),
    **{f"gateway.{edge}": (*INSIDE, f"gateway.{edge}") for edge in EDGES},
    "classifiers": ("classifiers", "gateway.core", "gateway.ports"),
}
ORDER = {
    "gateway.core": (
        "fault", "cached_value", "mime", "messages", "channels", "message", "delivery", "serialization", "accounts",
        "contact", "tools", "relation", "policy", "policy_versions", "audit", "cases", "notices", "review", "records",
    ),
    "gateway.store": (
        "engine", "schema", "migrations", "audit", "contact", "tools", "directory_accounts", "messages", "senders",
        "channels", "policy_versions", "review", "help", "urgency", "flags", "cases", "accounts", "maintenance",
        "records",
    ),
    "classifiers": ("features", "normalize", "extract", "components", "pipeline", "service", "training"),
    "classifiers.training": ("examples", "fitting", "encoders", "train", "evaluation"),
}  # fmt: skip
"""The sub-packages of a package from the bottom up: each may import only those before it."""
MAX_FILES = 20
"""Python files in a folder, at most."""
MAX_LINES = 400
"""Lines of a Python file, at most."""
IMPURE = {
    "asyncio", "time", "os", "socket", "random", "secrets", "threading", "multiprocessing", "subprocess", "logging",
    "pathlib", "io", "shutil", "tempfile", "signal", "sys", "sqlite3", "urllib.request", "http.client",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "datetime.now", "datetime.utcnow", "date.today", "datetime.today", "uuid4"}
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}


@dataclass(frozen=True)
class Module:
    """A module. `imports` are pairs: the imported module, and whether the import is at the top of the file."""

    name: str
    path: Path
    tree: ast.Module

    @cached_value
    def imports(self) -> frozenset[tuple[str, bool]]:
        return frozenset(self._imports(self.tree, at_top=True))

    def _imports(self, node: ast.AST, *, at_top: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Import(names=names):
                    yield from ((alias.name, at_top) for alias in names)
                case ast.ImportFrom(module=module, names=names, level=level):
                    yield from ((name, at_top) for alias in names for name in self._resolve(module, alias.name, level))
                case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if "import_module" in ast.dump(func):
                    yield name, at_top
                case ast.Call(func=func, args=[ast.JoinedStr(values=[ast.Constant(value=str(name)), *_]), *_]) if (
                    "import_module" in ast.dump(func)
                ):
                    yield name.rstrip("."), at_top
            in_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for_types_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from self._imports(child, at_top=at_top and not in_function and not for_types_only)

    def _resolve(self, module: str | None, name: str, level: int) -> Iterator[str]:
        base = self.name.split(".")
        if level:
            base = base[: len(base) - level + (self.path.name == "__init__.py")]
            module = ".".join([*base, module] if module else base)
        yield f"{module}.{name}" if f"{module}.{name}" in _names() else str(module)


def _files() -> list[Path]:
    return [path for folder in ("gateway", "classifiers", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in _files()
    )


@functools.cache
def _modules() -> tuple[Module, ...]:
    return tuple(
        Module(
            ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"),
            path,
            ast.parse(path.read_text(encoding="utf-8")),
        )
        for path in _files()
    )


def _is_in(module: str, packages: tuple[str, ...] | str) -> bool:
    packages = (packages,) if isinstance(packages, str) else packages
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _product() -> list[Module]:
    return [module for module in _modules() if not _is_in(module.name, "tests")]


def _forbidden(module: Module) -> list[str]:
    """The imports of our own modules that this one may not have."""
    ours = {name for name, _ in module.imports if _is_in(name, ("gateway", "classifiers"))}
    if _is_in(module.name, TOP):
        return []  # the import of classifiers has its own test
    if module.name in ("gateway", "tests"):
        return sorted(ours)
    allowed = next((may for package, may in MAY_IMPORT.items() if _is_in(module.name, package)), None)
    assert allowed is not None, f"{module.name}: add its package to MAY_IMPORT and to docs/architecture.md"
    return sorted(name for name in ours if not _is_in(name, allowed))


def test_imports_follow_the_layers() -> None:
    assert not {module.name: found for module in _product() if (found := _forbidden(module))}


def test_every_form_of_import_is_found() -> None:
    text = """
import gateway.store.sql
from gateway import settings
from ..bus import local
def late():
    from gateway.console.app import app
    import_module("classifiers.service.consumer")
    importlib.import_module(f"gateway.demo.{x}")
"""
    module = Module("gateway.relays.made_up", ROOT / "gateway/relays/made_up.py", ast.parse(text))
    assert {name for name, _ in module.imports} == {
        "gateway.store.sql", "gateway.settings", "gateway.bus.local", "gateway.console.app",
        "classifiers.service.consumer", "gateway.demo",
    }  # fmt: skip
    assert ("gateway.settings", True) in module.imports
    assert ("gateway.console.app", False) in module.imports
    assert len(_forbidden(module)) == 6


def _cycles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one node (Tarjan 1972)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for target in sorted(arrows.get(node, ())):
            if target not in number:
                visit(target)
                lowest[node] = min(lowest[node], lowest[target])
            elif target in stack:
                lowest[node] = min(lowest[node], number[target])
        if lowest[node] == number[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(arrows):
        if node not in number:
            visit(node)
    return found


def test_no_import_cycles() -> None:
    """Imports in functions and type-checking imports count too."""
    names = {module.name for module in _product()}
    assert not _cycles({
        module.name: {name for name, _ in module.imports if name in names and name != module.name}
        for module in _product()
    })  # fmt: skip
    assert _cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


@pytest.mark.parametrize("package", ORDER)
def test_sub_packages_import_downward_only(package: str) -> None:
    order = ORDER[package]
    here = package.count(".") + 1
    wrong = []
    for module in _product():
        if not _is_in(module.name, package) or module.name == package:
            continue
        own = module.name.split(".")[here]
        assert own in order, f"{module.name}: add {own} to ORDER"
        for name, _ in module.imports:
            if _is_in(name, package) and name != package and order.index(name.split(".")[here]) > order.index(own):
                wrong.append(f"{module.name} -> {name}")
    assert not wrong


def test_no_folder_has_too_many_files() -> None:
    sizes = Counter(path.parent for path in _files() if "migrations" not in path.parts)
    assert not {str(folder): count for folder, count in sizes.items() if count > MAX_FILES}


def test_gateway_imports_classifiers_in_functions_only() -> None:
    users = {
        module.name: [at_top for name, at_top in module.imports if _is_in(name, "classifiers")]
        for module in _product()
        if _is_in(module.name, "gateway")
    }
    assert not [name for name, found in users.items() if any(found)], "imported at the top of a module"
    serving = [name for name, found in users.items() if found and not _is_in(name, CLASSIFIER_COMMANDS)]
    assert len(serving) <= 1, f"one place only, not {serving}"


CLASSIFIER_COMMANDS = (
    *(f"gateway.commands.{name}" for name in ("classify", "train", "evaluate", "model", "policy")),
    "gateway.assembly.policy_simulation",  # a program of its own, started for one simulation
)


@pytest.mark.parametrize("module", ["gateway.cli", "gateway.assembly.serve"])
def test_gateway_without_the_classify_role_loads_no_spacy(module: str) -> None:
    script = f"import sys, {module}; sys.exit(', '.join({{'spacy', 'thinc', 'sklearn'}} & set(sys.modules)) or 0)"
    ran = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr


def _impurities(tree: ast.Module, imports: frozenset[tuple[str, bool]]) -> set[str]:
    found = {name for name, _ in imports if name in IMPURE or name.split(".")[0] in IMPURE}
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef(name=name):
                found.add(f"async def {name}")
            case ast.Call(func=func) if (called := ast.unparse(func)) and any(
                called == name or called.endswith(f".{name}") for name in IMPURE_CALLS
            ):
                found.add(called)
    return found


def test_core_is_pure() -> None:
    core = [module for module in _product() if _is_in(module.name, "gateway.core")]
    assert core
    assert not {module.name: found for module in core if (found := _impurities(module.tree, module.imports))}


def test_impurities_are_found() -> None:
    text = "import time\nfrom os import environ\nasync def f(): pass\nx = datetime.datetime.now()\ny = open('f')\n"
    module = Module("gateway.core.made_up", ROOT / "gateway/core/made_up.py", ast.parse(text))
    assert _impurities(module.tree, module.imports) == {"time", "os", "async def f", "datetime.datetime.now", "open"}


def test_files_are_short_and_have_meaningful_names() -> None:
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _files()}
    assert not {str(path): size for path, size in sizes.items() if size > MAX_LINES}
    assert not [str(path) for path in sizes if EMPTY_NAMES & {*path.relative_to(ROOT).with_suffix("").parts}]


def test_public_class_names_are_unique() -> None:
    """Across gateway and classifiers, so that a name means one thing. Migrations are never changed."""
    classes: dict[str, list[str]] = {}
    for module in _product():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and ".migrations." not in module.name:
                classes.setdefault(node.name, []).append(module.name)
    assert not {name: modules for name, modules in classes.items() if len(modules) > 1}


def test_no_mocks() -> None:
    mocks = ("unittest.mock", "mock")
    assert not [module.name for module in _modules() if any(_is_in(name, mocks) for name, _ in module.imports)]


def test_only_the_top_reads_settings() -> None:
    readers = [
        module.name for module in _product() if any(name == "gateway.settings.model" for name, _ in module.imports)
    ]
    assert not [name for name in readers if not _is_in(name, TOP)], "other packages get values, never Settings"


CATCHES_ALL = ("gateway.relays", "gateway.stages", "gateway.assembly.reload", "gateway.core.mime.guard", "classifiers")
"""Where a catch-all that continues is allowed: at the edge of relays and consumers, around reading one message and
around each finder in it, and around reloading one part of a process."""


def _catch_alls(tree: ast.Module) -> Iterator[int]:
    """The lines of handlers that catch everything and continue. A handler that ends in a bare raise only cleans up."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = "BaseException" if node.type is None else ast.unparse(node.type)
        reraises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if ("Exception" in caught.strip("()").split(", ") or "BaseException" in caught) and not reraises:
            yield node.lineno


def test_catch_alls_are_rare() -> None:
    found = {module.name: len(list(_catch_alls(module.tree))) for module in _product()}
    found = {name: count for name, count in found.items() if count}
    assert not [name for name in found if not _is_in(name, CATCHES_ALL)]
    assert not [name for name, count in found.items() if count > 1 and not _is_in(name, "classifiers")], found
    assert len([name for name in found if _is_in(name, "classifiers")]) <= 3, "see CATCHES_ALL"
    text = "try: f()\nexcept Exception: pass\ntry: f()\nexcept (OSError, Exception): g()\ntry: f()\nexcept: raise\n"
    assert list(_catch_alls(ast.parse(text))) == [2, 4]
