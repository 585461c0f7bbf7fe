{{ latest_insights('facebook', 'video_insights') }}
