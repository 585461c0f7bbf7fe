{{ latest_insights('youtube', 'channel_insights') }}
