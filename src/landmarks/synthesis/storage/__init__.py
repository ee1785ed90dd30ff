"""Pictures to files: layouts of data sets, and a folder that survives whatever stops its making."""
