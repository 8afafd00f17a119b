"""What each chain's bytes mean. Pure functions: no network, no clock.

How a chain is added: write its entry in ``network.py`` of its family's folder; if it is of a family that is not here
yet, add a folder beside ``bitcoin/`` with the family's formats and name its networks and its ``canonical_address`` in
``networks``. Nothing outside this room compares chains.
"""

from cryptotrace.chains.family import Network
from cryptotrace.chains.networks import NETWORKS, account, asset, bitcoin_network, candidates, network

__all__ = ["NETWORKS", "Network", "account", "asset", "bitcoin_network", "candidates", "network"]
