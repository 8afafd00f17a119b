"""What was seen: the archive of raw answers, the recorder that sources write to, and the custody log."""
