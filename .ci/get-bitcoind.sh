#!/bin/sh
# get-bitcoind.sh DEST: a real Bitcoin node for the tests, as DEST/bitcoind. Nothing is installed on the system.
# Needs a Debian machine (apt-get, dpkg-deb, its archive keyring) and python3. The work is done by tools/fetch_bitcoind.py.
set -eu
exec python3 "$(dirname "$0")/../tools/fetch_bitcoind.py" "${1:?give the folder to fill, e.g. .parts/bitcoind}"
