"""Who is said to be behind an address: TagPacks, their confidence and what it is worth."""
