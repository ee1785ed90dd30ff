"""Training of the face finder on scenes composed from rendered faces: no photo, no real label."""
