"""Follow claimed cryptocurrency through real blocks and print documents in which every figure leads back to a txid."""

__version__ = "0.1.0"
