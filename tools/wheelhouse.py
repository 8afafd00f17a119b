"""Collect everything that an unconnected machine needs into one folder, with a digest of each file.

    python3 tools/wheelhouse.py FOLDER [EXTRA ...]      e.g. python3 tools/wheelhouse.py wheels notebook export

Run it on a connected machine with the same system and the same Python version as the unconnected one. The folder then
holds the wheels and ``requirements.txt`` with their SHA-256 digests. See docs/how-to/offline.md.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Build and download the wheels, then write the list of their digests."""
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    folder, extras = Path(arguments[0]), arguments[1:]
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty; name a new folder, so that nothing old gets into the list", file=sys.stderr)
        return 2
    what = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [sys.executable, "-m", "pip", "--no-input", "wheel", "--quiet", "--wheel-dir", str(folder), what]
    if subprocess.run(command, check=False).returncode != 0:
        print("not every wheel could be had: see pip's message above", file=sys.stderr)
        return 1
    lines = []
    for wheel in sorted(folder.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name.replace('_', '-')}=={version} --hash=sha256:{digest}\n")
    (folder / "requirements.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{len(lines)} wheels and their digests are in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
