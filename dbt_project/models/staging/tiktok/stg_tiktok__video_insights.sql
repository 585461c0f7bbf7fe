{{ latest_insights('tiktok', 'video_insights') }}
