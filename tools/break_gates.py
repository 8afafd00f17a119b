"""Break each gate of ``.ci/run`` once, on purpose, and see that it fails.

    .venv/bin/python tools/break_gates.py [GATE ...]

Each gate's own command runs twice in a copy of the project: on the copy as it is, where it must pass, and after one
small change, where it must fail. Needs the extra ``dev``. The project itself is not touched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

AMOUNT = "src/cryptotrace/model/amount.py"
#: Gate, as .ci/run names it -> the file that is changed, what is found there, and what is put in its place.
BREAKS = {
    "tests": (AMOUNT, "if len(part) > decimals:", "if len(part) > decimals + 1:"),
    "format": (AMOUNT, "import re\n", "import  re\n"),
    "lint": (AMOUNT, "import re\n", "import os\nimport re\n"),
    "types": (AMOUNT, "return sign + digits", "return 0"),
    "import contracts": (
        "src/cryptotrace/model/amount.py",
        "import re\n",
        "import re\n\nfrom cryptotrace import case\n",
    ),
    "docstrings": (AMOUNT, '"""Money:', '_ = """Money:'),
    "documentation": ("docs/index.md", "{doc}`tutorial`", "{doc}`no-such-page`"),
    "wheel": (AMOUNT, "import re\n", "import re\n\nimport pandas\n"),
}
#: The tests take minutes; the room that the change is in shows it as well.
SHORTER = {"tests": [str(BIN / "python"), "-m", "pytest", "-q", "tests/model"]}


def commands() -> dict[str, str]:
    """Gate -> its command, as .ci/run has it."""
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    return dict(re.findall(r"^gate '([^']+)' (.+)$", text, re.MULTILINE))


def passes(gate: str, folder: Path) -> bool:
    """Whether the gate's command ends with 0 in that folder."""
    script = (folder / ".ci" / "run").read_text(encoding="utf-8")
    functions = script[: script.index("\nreal_part get-")].replace('rm -rf "$work"', "true")
    command = " ".join(SHORTER.get(gate, [])) or commands()[gate]
    body = f"{functions}\nbin={BIN}\nmkdir -p $work\n{command}\n"
    # without it the checkout itself would be tried; the wheel must be found where it is installed
    environment = os.environ | ({} if gate == "wheel" else {"PYTHONPATH": str(folder / "src")})
    done = subprocess.run(
        ["bash", "-c", body, ".ci/run"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0


def copy_to(folder: Path) -> None:
    """The project without what it builds."""
    ignored = shutil.ignore_patterns(
        ".venv", ".parts", "build", "dist", "__pycache__", "*.egg-info", ".*_cache", ".git"
    )
    shutil.copytree(ROOT, folder, ignore=ignored)


def main(wanted: list[str]) -> int:
    """Try the gates; the number of those that did not fail when they should, or failed when they should not."""
    assert set(BREAKS) == set(commands()) - {"install for development"}, "a gate without its break, or the other way"
    bad = 0
    for gate in wanted or BREAKS:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary) / "copy"
            copy_to(folder)
            before = passes(gate, folder)
            place, old, new = BREAKS[gate]
            path = folder / place
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{place} has no {old!r} any more"
            path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
            after = passes(gate, folder)
        good = before and not after
        bad += not good
        told = f"{'passes' if before else 'FAILS'} as it is, {'PASSES' if after else 'fails'} when broken"
        print(f"{gate:<18} {told}", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
