"""The project keeps its own rules: what is public, what is tested, what may import what."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.shared_data import shared_folder

import cryptotrace
from cryptotrace import api, errors

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src" / "cryptotrace"
MODULES = sorted(SRC.rglob("*.py"))


def _tracked(*patterns: str) -> list[Path]:
    """The project's own text files: what git knows, or what would go into a copy of the sources."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if found.returncode != 0:
        return sorted(p for top in ("src", "tests", "docs", "tools") for p in (ROOT / top).rglob("*") if p.is_file())
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


# --- what is public ---------------------------------------------------------------------------------------------------


def test_every_public_name_of_the_api_is_listed_once_in_order_and_there() -> None:
    assert api.__all__ == sorted(set(api.__all__), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    for name in api.__all__:
        assert getattr(cryptotrace, name) is getattr(api, name)


def test_every_name_that_the_api_imports_is_listed() -> None:
    tree = ast.parse((SRC / "api.py").read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported == set(api.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Trase'"):
        getattr(cryptotrace, "Trase")  # noqa: B009 - the name is wrong on purpose


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == cryptotrace.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(cryptotrace.__version__)}\]", changelog, re.MULTILINE)


def _error_classes() -> dict[str, type[BaseException]]:
    return {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.CryptotraceError)
    }


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    path: list[str] = []
    drawn: dict[str, tuple[str, str]] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    (?P<indent>[│ ├└─]*)(?P<name>[A-Z]\w+)(?: \((?P<builtin>\w+)\))?(?:$|  )", line)
        if match is None:
            continue
        depth = len(match["indent"]) // 4
        path[depth:] = [match["name"]]
        drawn[match["name"]] = (path[depth - 1] if depth else "", match["builtin"] or "")
    assert set(drawn) == set(_error_classes())
    for name, kind in _error_classes().items():
        parents = [base.__name__ for base in kind.__bases__ if issubclass(base, errors.CryptotraceError)]
        builtins = [base.__name__ for base in kind.__bases__ if base.__name__ not in parents and base is not Exception]
        assert drawn[name] == ("".join(parents), "".join(builtins)), name


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'matplotlib', 'networkx', 'duckdb', 'typst', 'docx', 'xlsxwriter', 'requests', 'rich'}"
    code = f"import sys, cryptotrace.cli, cryptotrace.api; found = {heavy} & set(sys.modules); assert not found, found"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


# --- what is tested ---------------------------------------------------------------------------------------------------


#: Modules without a test of their own name, and where they are tested instead.
TESTED_ELSEWHERE = {
    "cryptotrace.case.claiming": "tests/case/test_case.py",
    "cryptotrace.case.fetching": "tests/case/test_case.py",
    "cryptotrace.case.tracing": "tests/case/test_case.py",
    "cryptotrace.case.folder": "tests/case/test_case.py",
    "cryptotrace.case.seizing": "tests/case/test_account_case.py",
    "cryptotrace.case.sheets": "tests/case/test_account_case.py",
    "cryptotrace.case.asking": "tests/case/test_account_case.py",
    "cryptotrace.case.sheetview": "tests/case/test_account_case.py",
    "cryptotrace.case.signs": "tests/case/test_account_case.py",
    "cryptotrace.chains.family": "tests/chains/test_networks.py",
    "cryptotrace.cli": "tests/test_cli.py",
    "cryptotrace.cli.commands": "tests/test_cli.py",
    "cryptotrace.cli.output": "tests/test_cli.py",
    "cryptotrace.cli.parser": "tests/test_docs.py",
    "cryptotrace.ledger.pothistory": "tests/ledger/test_accountgraph.py",
    "cryptotrace.ledger.tables": "tests/ledger/test_store.py",
    "cryptotrace.sources.bitcoin": "tests/sources/test_sources.py",
    "cryptotrace.chains.bitcoin.cursor": "tests/chains/test_bitcoin_wire.py",
    "cryptotrace.chains.bitcoin.foreign": "tests/chains/test_bitcoin_real_blocks.py",
    "cryptotrace.chains.bitcoin.partial_merkle": "tests/chains/test_bitcoin_proof.py",
    "cryptotrace.evidence.canonical": "tests/evidence/test_custody.py",
    "cryptotrace.evidence.linked": "tests/evidence/test_archive.py",
    "cryptotrace.tracing.oracle_ledger": "tests/tracing/test_oracle.py",
    "cryptotrace.tracing.oracle_values": "tests/tracing/test_oracle.py",
    "cryptotrace.model.accountsource": "tests/sources/test_accountmemory.py",
}


def _imports(path: Path) -> set[str]:
    """Full names of modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_module_with_code_has_a_test_in_the_same_room() -> None:
    missing = []
    for module in MODULES:
        body = ast.parse(module.read_text(encoding="utf-8")).body
        if not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body):
            continue
        parts = module.relative_to(SRC).with_suffix("").parts
        room = ROOT / "tests" / parts[0]
        tests = [*room.rglob("test_*.py"), *(ROOT / "tests").glob(f"test_{parts[-1]}.py")]
        name = ".".join(("cryptotrace", *parts)).removesuffix(".__init__")
        if name in TESTED_ELSEWHERE:
            assert (ROOT / TESTED_ELSEWHERE[name]).is_file()
            continue
        if len(parts) == 1:
            tests += [*(ROOT / "tests").glob("test_*.py"), *(ROOT / "tests").glob("*/test_*.py")]
        if not any(parts[-1] in test.stem or name in _imports(test) for test in tests):
            missing.append(name)
    assert not missing, f"no test in the same room for {missing}"


def test_the_vectors_are_the_ones_that_were_reproduced() -> None:
    digests = {
        name: hashlib.sha256((shared_folder() / "vectors" / name).read_bytes()).hexdigest()
        for name in ("utxo.json", "ledger.json", "proofs.json")
    }
    assert digests == VECTORS


#: SHA-256 of the vector files that the tests of this version ran against.
VECTORS = {
    "utxo.json": "3802361747ca7d25a5dc3b330bba0c8fba1631fc47cec666d87409687139c384",
    "ledger.json": "474d7140ea4121beb5d991033ad6a1524cb87fd22980a5ac14970f8c807e963b",
    "proofs.json": "db5a451fb84a93933f90d0c1508493adbcb7a386827458cdbb1c44a5067b5016",
}


# --- what may import what ---------------------------------------------------------------------------------------------

VIOLATIONS = {
    "rooms": ("model/amount.py", "from cryptotrace.ledger import store", "A room imports only"),
    "no-sources": ("ledger/graph.py", "import requests", "handed a source"),
    "pure-chains": ("chains/bitcoin/wire.py", "import socket", "Chains are pure"),
    "light-results": ("tracing/result.py", "import pandas", "The engine needs neither"),
}


def _contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]]


def test_each_contract_has_its_violation() -> None:
    assert list(VIOLATIONS) == _contracts()


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.dat"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_forbidden_import_breaks_its_contract(contract: str, copy: Path) -> None:
    place, line, name = VIOLATIONS[contract]
    path = copy / "src" / "cryptotrace" / place
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    run = _lint_imports(copy)
    assert run.returncode == 1, run.stdout + run.stderr
    assert re.search(rf"{name}[^\n]* BROKEN", run.stdout), run.stdout


def test_a_room_that_is_not_placed_breaks_the_contract(copy: Path) -> None:
    (copy / "src" / "cryptotrace" / "attic").mkdir()
    (copy / "src" / "cryptotrace" / "attic" / "__init__.py").write_text('"""A new room."""\n', encoding="utf-8")
    run = _lint_imports(copy)
    assert run.returncode == 1
    assert "attic" in run.stdout


# --- house rules ------------------------------------------------------------------------------------------------------


def test_no_file_is_longer_than_400_lines() -> None:
    long = {str(p.relative_to(ROOT)): n for p in MODULES if (n := p.read_text(encoding="utf-8").count("\n")) > 400}
    assert not long


def test_no_function_is_longer_than_40_lines_without_its_docstring() -> None:
    long = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                said = len((ast.get_docstring(node, clean=False) or "").splitlines())
                if (node.end_lineno or 0) - node.lineno + 1 - said > 40:
                    long.append(f"{path.relative_to(SRC)}:{node.name}")
    assert not long


def test_files_are_opened_as_utf8() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"read_text", "write_text"}:
                assert "encoding" in {k.arg for k in node.keywords}, f"{path.name}:{node.lineno} names no encoding"


def test_nothing_imports_what_only_posix_has() -> None:
    posix = {"fcntl", "pwd", "grp", "resource", "termios", "pty", "posix"}
    for path in MODULES:
        assert not _imports(path) & posix, path


def test_no_path_of_the_project_is_reserved_or_too_long_on_windows() -> None:
    reserved = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[<>:\"|?*\\]|.*[. ]")
    lower: dict[str, str] = {}
    for path in _tracked():
        name = path.relative_to(ROOT).as_posix()
        assert len(name) < 120, name
        assert not any(reserved.fullmatch(part) for part in name.split("/")), name
        assert lower.setdefault(name.lower(), name) == name, f"{name} and {lower[name.lower()]} differ in case only"


# --- the two commands -------------------------------------------------------------------------------------------------


def _start(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code] if code else [sys.executable, str(ROOT / "tools" / "start.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_start_script_without_a_command_says_what_there_is() -> None:
    run = _start()
    assert run.returncode == 2
    assert "start.py demo" in run.stderr
    assert "start.py test" in run.stderr


def test_the_start_script_refuses_an_old_python_with_a_way_out() -> None:
    script = str(ROOT / "tools" / "start.py")
    run = _start(
        code=f"import sys, runpy; sys.version_info = (3, 10, 4); runpy.run_path({script!r}, run_name='__main__')"
    )
    assert run.returncode == 1
    assert "needs Python 3.11 or newer" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_start_script_is_readable_by_old_pythons() -> None:
    """It must reach its version check: no syntax that Python 3.6 does not know."""
    ast.parse((ROOT / "tools" / "start.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_modules_can_be_imported_alone() -> None:
    for module in MODULES:
        if "training" not in module.parts:
            importlib.import_module(".".join(("cryptotrace", *module.relative_to(SRC).with_suffix("").parts)))
