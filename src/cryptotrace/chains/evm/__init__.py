"""Ethereum and its family: bytes in, model out."""
