"""The shape of the console: pages and API go through services, and features use each other's services only."""

from __future__ import annotations

import ast
from pathlib import Path

import gateway.console

CONSOLE = Path(gateway.console.__file__).parent
FEATURES = (
    "policy", "messages", "queue", "help", "urgency", "looks", "mine", "decisions", "trace", "audit", "cases",
    "accounts", "reports", "flags", "overview", "personal_accounts", "people", "tools", "administration", "records",
)  # fmt: skip
"""The folders of features, from the bottom up: a service may import the services of those before it."""
SHARED = ("web", "auth")
EDGES = ("pages", "api", "schemas")
"""A module with one of these names, or whose name ends in one of them, is an edge: a route or its JSON."""
WIRING = {"gateway.console.app", "gateway.console.services", "gateway.console.templating", "gateway.console.web.deps"}
"""Modules that connect features with each other."""
STORE_PORTS = ("gateway.ports", "gateway.store")
ALLOWED_PORTS = {"gateway.ports.messages.StoreDown"}
"""What pages may import from the ports: the live updates of the queue end if the store is down."""


def _modules() -> dict[str, set[str]]:
    """Every module of the console with the names that it imports, as `module.name`."""
    found = {}
    for path in sorted(CONSOLE.rglob("*.py")):
        name = ".".join(("gateway.console", *path.relative_to(CONSOLE).with_suffix("").parts))
        imports = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name}: write imports absolutely"
                imports |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                imports |= {alias.name for alias in node.names}
        found[name.removesuffix(".__init__")] = imports
    return found


def _is_edge(module: str) -> bool:
    last = module.rpartition(".")[2]
    return _feature(module) != "" and any(last == edge or last.endswith(f"_{edge}") for edge in EDGES)


def _feature(module: str) -> str:
    parts = module.split(".")
    return parts[2] if len(parts) > 3 and parts[:2] == ["gateway", "console"] else ""


def _targets(imports: set[str], modules: dict[str, set[str]]) -> set[str]:
    """The modules of the console among some imports."""
    return {item if item in modules else item.rpartition(".")[0] for item in imports} & modules.keys()


def test_every_folder_is_listed() -> None:
    folders = {_feature(module) for module in _modules()} - {""}
    assert folders == {*FEATURES, *SHARED}


def test_pages_and_api_reach_the_store_through_services_only() -> None:
    wrong = {
        module: sorted(
            name for name in imports if name.startswith(STORE_PORTS) and name not in ALLOWED_PORTS
        )
        for module, imports in _modules().items()
        if _is_edge(module)
    }  # fmt: skip
    assert not {module: names for module, names in wrong.items() if names}


def test_pages_and_api_do_not_check_permissions() -> None:
    """They use services, never the class that decides. Its texts are public."""
    wrong = [
        module
        for module, imports in _modules().items()
        if _is_edge(module) and "gateway.console.auth.authorization.Authorization" in imports
    ]
    assert not wrong


def test_features_import_no_pages_or_api_of_other_features() -> None:
    modules = _modules()
    wrong = [
        f"{module} -> {target}"
        for module, imports in modules.items()
        if module not in WIRING
        for target in _targets(imports, modules)
        if _is_edge(target) and _feature(target) not in ("web", _feature(module))
    ]
    assert not wrong


def test_services_import_downward_only() -> None:
    """Pages and API are left out: they may use the service of any feature."""
    modules = _modules()
    wrong = [
        f"{module} -> {target}"
        for module, imports in modules.items()
        if _feature(module) in FEATURES and not _uses_every_service(module, modules)
        for target in _targets(imports, modules)
        if _feature(target) in FEATURES and FEATURES.index(_feature(target)) > FEATURES.index(_feature(module))
    ]
    assert not wrong


def _uses_every_service(module: str, modules: dict[str, set[str]]) -> bool:
    return _is_edge(module) or bool(_targets(modules[module], modules) & WIRING)
