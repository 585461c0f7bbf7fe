"""The platforms' APIs as a local server: for the demo, tests and work without a network."""
