"""The mesh of a scene: the head, its regions and landmarks, and the blocks built around it."""
