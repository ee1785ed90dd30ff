"""Storage: files and folders that are complete or absent, shared by concurrent jobs."""
