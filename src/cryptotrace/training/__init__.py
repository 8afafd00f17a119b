"""The built-in training case: blocks recorded from a Bitcoin node in regtest. No value, no real persons."""
