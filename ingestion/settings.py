"""Where the platforms are and which connections to load: one typed class."""
