"""The card of each model version: its words, plots and tables."""
