{{ latest_insights('chirper', 'account_insights') }}
