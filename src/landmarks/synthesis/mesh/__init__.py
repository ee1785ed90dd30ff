"""The mesh of a scene: the head, where on it what lies, and the blocks built around it."""
