"""The common graph of pots and flows: the case's store, what fills it, and what it exports."""
