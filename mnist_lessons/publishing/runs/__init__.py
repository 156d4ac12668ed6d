"""What an executed lesson left behind: one typed card, files, and the store of all of them."""
