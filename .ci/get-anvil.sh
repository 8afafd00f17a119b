#!/bin/sh
# get-anvil.sh DEST: a real EVM node and the Solidity compiler for the tests, from npm, in a folder of their own:
# DEST/anvil runs the node, DEST/solcjs the compiler. Nothing is installed on the system and no version is pinned here.
# npm from version 11 on runs no install scripts of packages, so the node's program is taken from the package for this
# machine itself. Does nothing where both are there and run. Needs node and npm.
set -eu
dest=${1:?give the folder to fill, e.g. .parts/anvil}

runs() {
    [ -x "$dest/anvil" ] && [ -x "$dest/solcjs" ] \
        && "$dest/anvil" --version >/dev/null 2>&1 && "$dest/solcjs" --version >/dev/null 2>&1
}

if runs; then
    echo "already there: $dest/anvil"
    exit 0
fi
for program in node npm; do
    command -v "$program" >/dev/null || {
        echo "get-anvil.sh: $program is needed and not there" >&2
        exit 1
    }
done
rm -rf "$dest"
mkdir -p "$dest"
(
    cd "$dest"
    echo '{"private": true}' >package.json
    npm install --no-audit --no-fund --loglevel=error @foundry-rs/anvil solc
) || {
    echo "get-anvil.sh: npm could not install @foundry-rs/anvil and solc into $dest" >&2
    exit 1
}
for program in "$dest"/node_modules/@foundry-rs/anvil-*/bin/anvil; do
    [ -f "$program" ] && chmod +x "$program" && ln -sf "${program#"$dest"/}" "$dest/anvil"
done
ln -sf node_modules/.bin/solcjs "$dest/solcjs"
runs || {
    echo "get-anvil.sh: what was installed into $dest does not run" >&2
    exit 1
}
echo "fetched: $dest/anvil"
