"""Score the predictions of any system against any labelled faces."""
