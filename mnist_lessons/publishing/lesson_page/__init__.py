"""The page of one lesson, made of its script and its run."""
