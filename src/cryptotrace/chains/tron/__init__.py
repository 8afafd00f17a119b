"""TRON: bytes in, model out."""
