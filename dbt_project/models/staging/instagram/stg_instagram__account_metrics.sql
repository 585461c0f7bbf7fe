{{ latest_insights('instagram', 'account_insights') }}
