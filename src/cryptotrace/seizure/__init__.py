"""Who can stop it: where claimed value rests and in whose hands, as far as that is attributed."""
