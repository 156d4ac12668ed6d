"""What authors write: scripts, prose, formulas, addresses; and what is wrong with it."""
