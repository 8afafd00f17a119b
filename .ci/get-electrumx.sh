#!/bin/sh
# get-electrumx.sh DEST: a real Electrum server for the tests, in a virtual environment of its own at DEST, so that its
# packages never meet the project's. What is installed says the extra `node` of pyproject.toml; nothing is pinned here.
# Does nothing where DEST/bin/electrumx_server is there and can be imported.
set -eu
dest=${1:?give the folder to fill, e.g. .parts/electrumx}
project=$(cd "$(dirname "$0")/.." && pwd)

runs() {
    [ -f "$dest/bin/electrumx_server" ] && "$dest/bin/python" -c 'import electrumx, plyvel' >/dev/null 2>&1
}

if runs; then
    echo "already there: $dest/bin/electrumx_server"
    exit 0
fi
rm -rf "$dest"
python3 -m venv "$dest"
"$dest/bin/python" - "$project/pyproject.toml" >"$dest/requirements.txt" <<'END'
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["optional-dependencies"]["node"]))
END
"$dest/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -r "$dest/requirements.txt" || {
    echo "get-electrumx.sh: pip could not install $(tr '\n' ' ' <"$dest/requirements.txt")into $dest" >&2
    exit 1
}
runs || {
    echo "get-electrumx.sh: what was installed into $dest does not run" >&2
    exit 1
}
echo "fetched: $dest/bin/electrumx_server"
