"""Face finders: where the faces of a photo are."""
