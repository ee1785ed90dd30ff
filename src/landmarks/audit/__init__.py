"""Find faults of labelled faces and of stored runs before they spoil a result, and price them."""
