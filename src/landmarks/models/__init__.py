"""Networks, and the architecture that combines one with its codec and loss."""
