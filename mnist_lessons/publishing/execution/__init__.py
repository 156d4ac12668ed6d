"""Which lessons must run, and why; kernels; what they used. Knows nothing of HTML."""
