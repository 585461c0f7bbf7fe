"""The synthetic world: creators, their accounts and what truly happened to them."""

from ingestion.sandbox.world.commenters import Commenters
from ingestion.sandbox.world.model import BLOCK_SIZE, NEVER, PLATFORMS, PlatformBlock, midnight
from ingestion.sandbox.world.restatement import RESTATED_DAYS, restated
from ingestion.sandbox.world.world import World

__all__ = [
    "BLOCK_SIZE",
    "NEVER",
    "PLATFORMS",
    "RESTATED_DAYS",
    "Commenters",
    "PlatformBlock",
    "World",
    "midnight",
    "restated",
]
