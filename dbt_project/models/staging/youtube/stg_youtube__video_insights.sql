{{ latest_insights('youtube', 'video_insights') }}
