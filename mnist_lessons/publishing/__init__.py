"""Turn lessons into pages: plan, execute, store, render. Knows nothing of torch."""
