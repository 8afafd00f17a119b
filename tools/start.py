"""Set up and run cryptotrace on a fresh machine. Needs Python 3.11 or newer and nothing else.

    python3 tools/start.py demo [--out DIR]       install, then run the built-in training case
    python3 tools/start.py test [pytest options]  install with what the tests need, then run the tests

Both make ``.venv`` in the project folder and install into it, nowhere else. On Windows write ``py`` for ``python3``.
Without a network, set PIP_NO_INDEX=1 and PIP_FIND_LINKS to a folder of wheels first (docs/how-to/offline.md).
"""

import os
import subprocess
import sys
from pathlib import Path

# Checked before anything below is defined, so that an old Python reaches this line and not a confusing error.
if sys.version_info < (3, 11):  # noqa: UP036 - this file is started by whatever python3 is there
    sys.exit(
        f"cryptotrace needs Python 3.11 or newer; this is {sys.version.split()[0]} at {sys.executable}.\n"
        "Install a newer one from python.org or your system's packages, and start this file with it, "
        "e.g.: python3.11 tools/start.py demo"
    )

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON, COMMAND = (
    VENV / place
    for place in (
        ("Scripts/python.exe", "Scripts/cryptotrace.exe") if os.name == "nt" else ("bin/python", "bin/cryptotrace")
    )
)


def run(*command: object, **more: object) -> int:
    """Run a command without a keyboard; its exit code."""
    return subprocess.run(
        [str(part) for part in command], check=False, cwd=ROOT, stdin=subprocess.DEVNULL, **more
    ).returncode


def make_environment() -> None:
    """Make ``.venv``, or keep the one that is there if it works."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if PYTHON.exists() and run(PYTHON, "-c", probe, stderr=subprocess.DEVNULL) == 0:
        return
    print(f"making {VENV}", flush=True)
    if run(sys.executable, "-m", "venv", "--clear", VENV) != 0:
        sys.exit(
            f"{VENV} could not be made: see the message above. On Debian and Ubuntu the module venv is a package of "
            "its own: apt install python3-venv. A .venv that another program uses must be closed first."
        )


def install(extra: str) -> None:
    """Install the project into ``.venv``, so that changes in src/ are used without installing again."""
    what = f"{ROOT}[{extra}]" if extra else str(ROOT)
    print(f"installing cryptotrace{f' [{extra}]' if extra else ''} into {VENV}", flush=True)
    pip = (PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input")
    if run(*pip, "install", "--quiet", "--editable", what) != 0:
        sys.exit(
            "the packages could not be installed: see pip's message above. It needs a package index, or a folder of "
            "wheels: set PIP_NO_INDEX=1 and PIP_FIND_LINKS=FOLDER (docs/how-to/offline.md)."
        )


def demo(arguments: list[str]) -> int:
    """Install and run the training case; it is left in ``demo`` unless ``--out`` names another new folder."""
    make_environment()
    install("")
    if not any(argument == "--out" or argument.startswith("--out=") for argument in arguments):
        arguments = ["--out", str(_new_folder()), *arguments]
    # The folder is meant as the user sees it, so this one runs where the user stands.
    return subprocess.run([str(COMMAND), "demo", *arguments], check=False, stdin=subprocess.DEVNULL).returncode


def test(arguments: list[str]) -> int:
    """Install with the extra ``test`` and run pytest."""
    make_environment()
    install("test")
    return run(PYTHON, "-m", "pytest", *arguments)


def _new_folder() -> Path:
    """``demo``, or ``demo-2`` and so on: a case is never written over."""
    folder, number = Path("demo"), 1
    while folder.exists():
        number += 1
        folder = Path(f"demo-{number}")
    return folder


def main(arguments: list[str]) -> int:
    """Do what the first argument says."""
    jobs = {"demo": demo, "test": test}
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    if not arguments or arguments[0] not in jobs:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    return jobs[arguments[0]](arguments[1:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
