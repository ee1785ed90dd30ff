"""Move landmarks from one labelling convention to another."""
