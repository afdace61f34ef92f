"""The drawers and their arrows (DESIGN.md, Layout), read from the imports, those in functions too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import relou_gateway

ROOT = Path(relou_gateway.__file__).parent
NAME = "relou_gateway"

ARROWS: dict[str, set[str]] = {
    "": set(),
    "rules": set(),
    "store": {"rules"},
    "modem": {"rules", "log"},
    "pipeline": {"rules", "store", "modem.port", "log"},
    "simulation": {"pipeline", "rules", "store", "config", "log", "modem.scripted", "clock"},
    "config": {"rules"},
    "reach": {"rules", "store", "modem", "config", "log"},
    "daemon": {
        "rules",
        "store",
        "modem",
        "pipeline",
        "simulation",
        "config",
        "log",
        "systemd",
        "clock",
        "reach",
    },
    "cli": {"store", "config", "rules", "log", "clock"},
    "invent": set(),
    "log": set(),
    "systemd": set(),
    "clock": set(),
}
"""What each part may import. The daemon may import all but `cli`; all parts may import themselves."""

ARROWS_IN_FUNCTIONS = {"cli": {"daemon", "simulation", "modem", "invent"}}
"""What a part may import only where it is needed: a verb must not load what it does not use."""

ARROWS_OF_A_VERB = {
    "cli/checks/radio.py": {"modem"},
    "cli/setup/modem.py": {"modem"},
    "cli/setup/secret.py": {"modem"},
    "cli/simulate.py": {"simulation"},
    "cli/plot/panels.py": {"simulation"},
    "cli/plot/picture.py": {"simulation"},
    "cli/plot/spending.py": {"simulation"},
}
"""What the own modules of one verb may import at their top: they are loaded with that verb alone."""

SINGLE_IMPORTERS = {
    "sqlite3": {"store/database.py"},
    "gammu": {"modem/gammu_modem.py"},
    "serial": {"modem/at.py", "modem/discovery.py"},
    "apscheduler": {"daemon.py"},
    "structlog": {"log.py"},
    "matplotlib": {"cli/plot/panels.py"},
    "dateutil": {"cli/plot/panels.py"},
}
ONLY_FOR_PEOPLE = {"click", "rich"}
"""Never in the daemon, nor in anything that it imports."""

PURE = {
    "array",
    "zlib",
    "__future__",
    "bisect",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "decimal",
    "enum",
    "functools",
    "itertools",
    "math",
    "phonenumbers",
    "re",
    "types",
    "typing",
    "unicodedata",
}
"""What rules may use: nothing that knows the time, draws lots, reads, writes or logs."""

DYNAMIC_IMPORTERS = {"cli/__init__.py", "modem/cell_child.py"}
"""The verbs, each loaded when it is used; and the cell, which loads the driver that it is told."""

EDGES = {("daemon.py", "_tick"), ("modem/cell_child.py", "_serve")}
"""Where any fault ends: of the tick, so that the service lives; of the child, which dies of it."""


@dataclass(frozen=True)
class Import:
    """One import. `target` is the dotted path below the package for ours, else the outer module."""

    importer: str
    target: str
    ours: bool
    in_function: bool
    line: int

    @property
    def drawer(self) -> str:
        return _drawer(self.importer)

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def _drawer(path: str) -> str:
    first = path.split("/", maxsplit=1)[0].removesuffix(".py")
    return "" if first == "__init__" else first


FILES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py"))


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


def _is_module(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def _in_functions(tree: ast.Module) -> set[ast.AST]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {inner for function in functions for inner in ast.walk(function)}


def _docstrings(tree: ast.Module) -> set[ast.AST]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


@cache
def imports_of(path: str) -> tuple[Import, ...]:
    tree = _tree(path)
    inside, docstrings = _in_functions(tree), _docstrings(tree)
    found = []
    for node in ast.walk(tree):
        for target in () if node in docstrings else _targets(path, node):
            ours = target == NAME or target.startswith(f"{NAME}.")
            below = target.removeprefix(NAME).removeprefix(".") if ours else target
            found.append(Import(path, below, ours, node in inside, getattr(node, "lineno", 0)))
    return tuple(found)


def _targets(path: str, node: ast.AST) -> Iterator[str]:
    """Yield what a node imports: by a statement, or as the name of a module of ours in a string."""
    match node:
        case ast.Import(names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module, names, level):
            base = _base(path, module, level)
            for alias in names:
                whole = f"{base}.{alias.name}"
                below = whole.removeprefix(f"{NAME}.")
                yield whole if whole.startswith(f"{NAME}.") and _is_module(below) else base
        case ast.Constant(str(text)) if match := re.match(rf"{NAME}\.([\w.]+)", text):
            yield from [match[0]] if _is_module(match[1]) else []


def _base(path: str, module: str | None, level: int | None) -> str:
    package = [NAME, *Path(path).parts[:-1]]
    above = package[: len(package) - (level or 0) + 1] if level else []
    return ".".join([*above, *([module] if module else [])])


def _allowed(target: str, arrows: set[str]) -> bool:
    return any(target == arrow or target.startswith(f"{arrow}.") for arrow in arrows)


ALL_IMPORTS = [each for path in FILES for each in imports_of(path)]


def test_every_part_of_the_house_has_its_arrows() -> None:
    assert {_drawer(path) for path in FILES} <= set(ARROWS)


@pytest.mark.parametrize("drawer", ARROWS, ids=lambda drawer: drawer or "the package itself")
def test_a_part_imports_only_what_its_arrows_allow(drawer: str) -> None:
    bent = [
        str(each)
        for each in ALL_IMPORTS
        if each.ours
        and each.drawer == drawer
        and each.target
        and not _allowed(each.target, {drawer} | ARROWS[drawer] | ARROWS_OF_A_VERB.get(each.importer, set()))
        and not (each.in_function and _allowed(each.target, ARROWS_IN_FUNCTIONS.get(drawer, set())))
    ]

    assert [] == bent


def test_store_and_modem_never_meet() -> None:
    assert [] == [
        str(each)
        for each in ALL_IMPORTS
        if each.ours and {each.drawer, each.target.split(".")[0]} == {"store", "modem"}
    ]


@pytest.mark.parametrize("module", SINGLE_IMPORTERS)
def test_what_has_a_single_importer_is_imported_nowhere_else(module: str) -> None:
    importers = {
        each.importer for each in ALL_IMPORTS if not each.ours and each.target.split(".")[0] == module
    }

    assert importers <= SINGLE_IMPORTERS[module]


def test_what_is_made_for_people_is_imported_by_the_command_line_alone() -> None:
    assert {"cli"} >= {
        each.drawer for each in ALL_IMPORTS if not each.ours and each.target.split(".")[0] in ONLY_FOR_PEOPLE
    }


def test_rules_use_nothing_that_knows_the_time_draws_lots_reads_writes_or_logs() -> None:
    impure = [
        str(each)
        for each in ALL_IMPORTS
        if each.drawer == "rules" and not each.ours and each.target.split(".")[0] not in PURE
    ]

    assert [] == impure


@pytest.mark.parametrize("path", [path for path in FILES if _drawer(path) == "rules"])
def test_rules_ask_no_clock_and_open_nothing(path: str) -> None:
    forbidden = {"now", "utcnow", "today", "open", "print", "input", "getenv", "exec", "eval", "__import__"}
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
    }

    assert not called & forbidden


def test_modules_are_imported_by_name_only_where_that_is_meant() -> None:
    dynamic = {
        path
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in {"import_module", "__import__"}
    }

    assert dynamic <= DYNAMIC_IMPORTERS


def test_the_virtual_modem_and_libgammu_share_no_codec() -> None:
    codec = {"modem.virtual.pdu", "modem.virtual.septets"}
    real = re.compile(r"modem/(gammu_\w+|cell\w*|keeper|wire)\.py")

    assert [] == [
        str(each)
        for each in ALL_IMPORTS
        if (real.fullmatch(each.importer) and each.target in codec)
        or (each.importer.startswith("modem/virtual/") and "gammu" in each.target)
        or (each.importer.startswith("modem/virtual/") and each.target.startswith("rules.wording"))
    ]


# --- faults -------------------------------------------------------------------------------


def _catches_all(handler: ast.ExceptHandler) -> set[str]:
    """Which of the catch-all names a handler has; a bare `except:` is one of BaseException."""
    if handler.type is None:
        return {"BaseException"}
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return names & {"Exception", "BaseException"}


def _handlers(path: str) -> Iterator[tuple[str, ast.ExceptHandler]]:
    for function in ast.walk(_tree(path)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler):
                    yield function.name, node


def test_any_fault_at_all_is_caught_only_at_the_edges() -> None:
    found = {
        (path, function)
        for path in FILES
        for function, handler in _handlers(path)
        if "Exception" in _catches_all(handler)
    }

    assert found <= EDGES
    assert ("daemon.py", "_tick") in found


def test_what_is_no_exception_is_only_caught_to_tidy_up_and_goes_on() -> None:
    kept = [
        f"{path}:{handler.lineno}"
        for path in FILES
        for _, handler in _handlers(path)
        if "BaseException" in _catches_all(handler)
        and not (isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None)
    ]

    assert [] == kept


def test_no_fault_is_suppressed_wholesale() -> None:
    suppressed = [
        f"{path}:{node.lineno}"
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress"
        and {getattr(argument, "id", "") for argument in node.args} & {"Exception", "BaseException"}
    ]

    assert [] == suppressed


# --- the test itself ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("store/inbox.py", "from ..modem.port import Modem", ["modem.port"]),
        ("store/inbox.py", "from ..modem import port", ["modem.port"]),
        ("store/inbox.py", "from .. import log", ["log"]),
        ("store/inbox.py", "from . import ledger", ["store.ledger"]),
        ("daemon.py", "from . import __version__", [""]),
        ("daemon.py", "from .modem.cell import Cell", ["modem.cell"]),
        ("cli/__init__.py", "from ..config import load", ["config"]),
        ("cli/run.py", "import relou_gateway.daemon", ["daemon"]),
        ("modem/x.py", "NAME = 'relou_gateway.store.inbox:take'", ["store.inbox"]),
        ("cli/x.py", "KEY = 'relou_gateway.config_file'", []),
        ("modem/x.py", "def f():\n    import sqlite3.dbapi2", ["sqlite3.dbapi2"]),
        ("modem/x.py", "'''relou_gateway.store is not imported here'''", []),
    ],
)
def test_it_sees_every_way_of_importing(path: str, source: str, expected: list[str]) -> None:
    tree = ast.parse(source)
    docstrings = _docstrings(tree)
    found = [target for node in ast.walk(tree) if node not in docstrings for target in _targets(path, node)]

    assert expected == [target.removeprefix(NAME).removeprefix(".") for target in found]


def test_it_reads_the_whole_house() -> None:
    assert {"rules", "store", "modem", "config", "cli", "pipeline", "daemon"} <= {
        each.drawer for each in ALL_IMPORTS
    }
    assert len(FILES) > 40
