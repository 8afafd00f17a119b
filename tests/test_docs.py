"""What the documents say is so: every example runs, every command's help is the one shown, every link leads somewhere."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.documents import ROOT, RUN, SHOWN, Block, blocks, commands, pages, same_output
from tests.shared_data import shared_folder

from cryptotrace.cli import main

COLONIAL = "cases-bih/Blockchain_Investigation_Hub__colonial_*.json"


@pytest.fixture(scope="module")
def demo_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert main(["demo", "--out", str(folder)]) == 0
    return folder


@pytest.fixture
def page_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def run_pages() -> list[Path]:
    return [page for page in pages() if any(block.is_run for block in blocks(page))]


@pytest.mark.parametrize("page", run_pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_example_of_the_page_runs_and_prints_what_the_page_shows(
    page: Path, page_folder: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        _steer(block, page_folder, request)
        if not block.is_run:
            continue
        if block.language == "python":
            exec(compile(block.body, block.place, "exec"), names)
        elif block.language == "pycon":
            _run_doctest(block, names)
        else:
            _run_commands(block, capsys)


def _steer(block: Block, folder: Path, request: pytest.FixtureRequest) -> None:
    if "file" in block.steer:
        (folder / block.steer["file"]).write_text(block.body, encoding="utf-8")
    if "setup" in block.steer:
        shutil.copytree(request.getfixturevalue("demo_case"), folder / "demo")
    if "needs" in block.steer:
        (folder / "colonial").mkdir()
        for path in (shared_folder() / "data").glob(COLONIAL):
            shutil.copy(path, folder / "colonial" / path.name.partition("__")[2])


def _run_doctest(block: Block, names: dict[str, Any]) -> None:
    test = doctest.DocTestParser().get_doctest(block.body, names, block.place, str(block.page), block.line)
    test.globs = names
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append, clear_globs=False)
    assert result.failed == 0, f"{block.place}\n{''.join(said)}"


def _run_commands(block: Block, capsys: pytest.CaptureFixture[str]) -> None:
    found = list(commands(block))
    for number, command in enumerate(found, start=1):
        assert command.words[0] == "cryptotrace", f"{block.place}: say why it is not run: {command.words[0]}"
        capsys.readouterr()
        try:
            code = main(command.words[1:])
        except SystemExit as ended:  # argparse ends the process itself for --help and wrong use
            code = int(ended.code or 0)
        shown = capsys.readouterr()
        expected = int(block.steer.get("exit", 0)) if number == len(found) else 0
        assert code == expected, f"{block.place}: {command.words} ended with {code}\n{shown.out}{shown.err}"
        if command.output.strip():
            got = shown.out + shown.err
            assert same_output(command.output, got), f"{block.place}: {command.words} printed\n{got}"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language in RUN | SHOWN, f"{block.place}: name the language of the block, not {block.language!r}"
        assert block.language in RUN or "not run" not in block.steer, f"{block.place}: such a block is never run"
        assert block.steer.get("not run") != "", block.place


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text):
        assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}, which is not there"


def _helps() -> list[tuple[str, str]]:
    from cryptotrace.cli.parser import make_parser

    parser = make_parser()
    commands_of = next(a for a in parser._actions if hasattr(a, "choices") and isinstance(a.choices, dict))
    assert isinstance(commands_of.choices, dict)
    return [("cryptotrace", parser.format_help())] + [
        (f"cryptotrace {name}", sub.format_help()) for name, sub in commands_of.choices.items()
    ]


def test_the_reference_shows_the_help_of_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    page = ROOT / "docs" / "reference" / "cli.md"
    shown = re.findall(
        r"^## `(.+?)`\n.*?^```text\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert [name for name, _ in shown] == [name for name, _ in _helps()]
    for (name, expected), (_, real) in zip(shown, _helps(), strict=True):
        assert expected == real, f"docs/reference/cli.md shows another help of: {name}"


def test_the_documents_name_no_place_of_their_making() -> None:
    for page in pages():
        assert "/work/" not in page.read_text(encoding="utf-8"), page
