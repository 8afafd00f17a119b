"""What Bitcoin's bytes mean: transactions, blocks, scripts, addresses, proofs. Pure functions, bytes in, model out."""
