"""The platforms' APIs as a local server: for the demo, for tests, and for work without a network."""
