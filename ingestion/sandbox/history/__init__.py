"""Years of daily readings written at once: the rows that a run a day would have landed."""
