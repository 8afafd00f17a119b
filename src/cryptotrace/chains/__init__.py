"""What each chain's bytes mean. Pure functions: no network, no clock.

How a chain is added: write its entry in ``networks.NETWORKS``; if it is of a family that is not here yet, add a folder
beside ``bitcoin/`` with the family's formats and name its ``canonical_address`` in ``networks``. Nothing outside this
room compares chains.
"""

from cryptotrace.chains.networks import NETWORKS, Network, account, asset, candidates, network

__all__ = ["NETWORKS", "Network", "account", "asset", "candidates", "network"]
