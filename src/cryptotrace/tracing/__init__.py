"""Where it went: rules, the engine that applies them, stops and results; ``oracle`` is the slow obvious version."""
