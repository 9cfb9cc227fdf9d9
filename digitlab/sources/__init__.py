"""Where digits come from: named datasets, files of many forms, and what visitors bring."""
