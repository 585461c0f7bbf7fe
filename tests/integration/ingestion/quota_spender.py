"""Books single units of a quota until it is used up, as one of several processes; prints how many.

Arguments: the database's URL, the quota.
"""

import sys

from pydantic import SecretStr

from ingestion.errors import PlatformError
from ingestion.quota import youtube_ledger
from ingestion.settings import IngestionSettings


def main(url: str, quota: int) -> None:
    settings = IngestionSettings(
        database_url=SecretStr(url), youtube_api_key=SecretStr("key"), youtube_daily_units=quota
    )
    ledger = youtube_ledger(settings)
    booked = 0
    try:
        while True:
            ledger.spend("/youtube/v3/channels")
            booked += 1
    except PlatformError:
        print(booked)
    finally:
        ledger.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
