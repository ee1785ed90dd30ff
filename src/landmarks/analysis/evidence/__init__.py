"""Evidence: what the files of runs and of a report must agree in, made again and compared."""
