"""The built-in training case. No value, no real persons.

``blk00000.dat`` holds blocks that a Bitcoin node in regtest made. ``evm/`` holds what a real EVM node (anvil) answered
about a story that was played on it. ``tron/`` holds transactions that were validly built and signed; its blocks, the
results of execution and the answers come from a test server, not from a TRON node. Each ``story.json`` says so too.
"""
