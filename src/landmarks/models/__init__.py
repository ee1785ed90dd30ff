"""Networks, and the architecture that joins one with its codec and its loss."""
