{{ latest_insights('facebook', 'post_insights') }}
