"""Fetch a real Bitcoin node for the tests on a Debian machine, without installing anything on the system.

    python tools/fetch_bitcoind.py DEST

Afterwards ``DEST/bitcoind`` runs. Running it again changes nothing while that is so.

Debian carries a node (Bitcoin Knots, which is Bitcoin Core with more options) in some of its releases. A private apt
with its own lists is pointed at the mirror that this machine uses already; it checks the archive's signature and every
package's digest. The node and the libraries it needs all come from one release and are unpacked side by side, and a
launcher starts the node with the dynamic loader of that release: the machine's own C library may be older. Versions
change in the archive at any time, so none is named here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

RELEASES = ("testing", "stable", "unstable")
"""Where to look, in this order."""
PACKAGES = ("bitcoin-knots", "bitcoind")
"""Names under which a node may stand in the archive."""
KEYRINGS = tuple(Path("/usr/share/keyrings", f"debian-archive-keyring.{kind}") for kind in ("gpg", "pgp"))


class Impossible(Exception):
    """The node cannot be had in this way."""


class PrivateApt:
    """apt over one release of one mirror, with lists, cache and state in a folder of its own."""

    def __init__(self, folder: Path, mirror: str, release: str, keyring: Path) -> None:
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial", "empty", "debs"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()  # as if nothing were installed
        (folder / "sources.list").write_text(f"deb [signed-by={keyring}] {mirror} {release} main\n", encoding="utf-8")
        settings = {
            "Dir::State": folder,
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": folder / "empty",
            "Dir::Etc::preferences": folder / "none",
            "Dir::Etc::preferencesparts": folder / "empty",
            "APT::Sandbox::User": "root",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
        }
        self._options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
        self._run("apt-get", "-qq", "update")

    def _run(self, program: str, *arguments: str) -> str:
        return run([program, *self._options, *arguments], self.folder / "debs")

    def has(self, package: str) -> bool:
        """True if the release has that package."""
        return bool(self._run("apt-cache", "--names-only", "search", f"^{re.escape(package)}$").strip())

    def with_libraries(self, package: str) -> list[str]:
        """The package and every library it is linked with, directly or not; nothing else that it would pull in."""
        found = [package]
        for name in found:  # grows while it is walked
            for line in self._run("apt-cache", "depends", name).splitlines():
                match = re.fullmatch(r"\s+(?:Pre)?Depends: (lib[^\s<>]+)", line)
                if match is not None and match[1].partition(":")[0] not in found:
                    found.append(match[1].partition(":")[0])
        return found

    def unpack(self, packages: list[str], target: Path) -> None:
        """Download packages and unpack them into a folder."""
        self._run("apt-get", "-qq", "download", *packages)
        for deb in sorted((self.folder / "debs").glob("*.deb")):
            run(["dpkg-deb", "--extract", str(deb), str(target)])


def run(command: list[str], folder: Path | None = None) -> str:
    """What a program prints.

    Raises:
        Impossible: it failed.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        tail = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise Impossible(f"{Path(command[0]).name} {command[-1]} failed: {tail}")
    return done.stdout


def mirrors() -> Iterator[str]:
    """The mirrors of Debian's main archive that this machine's apt uses, whatever form its sources have."""
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = run(["apt-get", "indextargets", "--no-release-info", "--format", form, "Created-By: Packages"])
    rows = [line.split() for line in lines.splitlines()]
    yield from dict.fromkeys(row[0] for row in rows if len(row) == 3 and row[2] == "main" and "-" not in row[1])


def launcher(root: Path, program: Path) -> str:
    """A script that starts a program with the loader and the libraries that were unpacked with it."""
    loaders = sorted(root.glob("**/ld-linux-*.so.*"), key=lambda path: (path.is_symlink(), len(path.parts), path))
    libraries = sorted({str(path.parent) for path in root.glob("**/*.so.*")})
    if not loaders:
        raise Impossible("the unpacked C library has no dynamic loader")
    return (
        f'#!/bin/sh\nexec "{loaders[0]}" --library-path "{":".join(libraries)}" --argv0 {program.name} '
        f'"{program}" "$@"\n'
    )


def version(program: Path) -> str:
    """What a node calls itself; empty if it does not run."""
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.partition("\n")[0] if done.returncode == 0 else ""


def fetch(dest: Path) -> None:
    """Fill ``dest``.

    Raises:
        Impossible: not a Debian machine, or no release of its mirrors has a node; the message says which were asked.
    """
    absent = [name for name in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(name) is None]
    keyring = next((path for path in KEYRINGS if path.is_file()), None)
    if absent or keyring is None:
        raise Impossible(f"this is no Debian machine: {', '.join(absent) or KEYRINGS[0]} is missing")
    tried = []
    for mirror in mirrors():
        for release in RELEASES:
            try:
                with tempfile.TemporaryDirectory() as folder:
                    _fetch_from(PrivateApt(Path(folder), mirror, release, keyring), dest)
            except Impossible as error:
                tried.append(f"{release}: {error}")
                continue
            return
    raise Impossible("no release has a node that runs here:\n  " + ("\n  ".join(tried) or "apt knows no mirror"))


def _fetch_from(apt: PrivateApt, dest: Path) -> None:
    package = next((name for name in PACKAGES if apt.has(name)), None)
    if package is None:
        raise Impossible(f"it has no package {' or '.join(PACKAGES)}")
    root = dest / "root"
    shutil.rmtree(root, ignore_errors=True)
    apt.unpack(apt.with_libraries(package), root)
    program = root / "usr" / "bin" / "bitcoind"
    start = dest / "bitcoind"
    start.write_text(launcher(root, program), encoding="utf-8")
    start.chmod(0o755)
    if not version(start):
        start.unlink()
        raise Impossible(f"{package} was unpacked and does not run")


def main() -> int:
    """Fetch, and say what came of it."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    dest = Path(sys.argv[1]).resolve()
    dest.mkdir(parents=True, exist_ok=True)
    if found := version(dest / "bitcoind"):
        print(f"already there: {found}")
        return 0
    try:
        fetch(dest)
    except Impossible as error:
        print(f"A Bitcoin node could not be fetched: {error}", file=sys.stderr)
        print("Put a bitcoind of your own on the PATH, or let CRYPTOTRACE_BITCOIND name it.", file=sys.stderr)
        return 1
    print(f"fetched: {version(dest / 'bitcoind')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
