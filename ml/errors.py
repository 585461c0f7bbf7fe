"""What only a person can mend: errors of one line that name the thing, the value and the remedy."""

from warehouse.errors import UserError


class TooFewError(UserError):
    """A training set with too little in it to learn from."""


class NoChampionError(UserError):
    """A model that no version of has been promoted."""


class ArtifactError(UserError):
    """A stored model that may not be used: missing, changed, foreign, or of other libraries."""
