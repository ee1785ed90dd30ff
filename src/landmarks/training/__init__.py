"""Training: the two loops, what feeds them, and what they compute on."""
