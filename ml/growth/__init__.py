"""What :mod:`ml.forecast` is made of: series mended, features, the learner and its intervals."""
