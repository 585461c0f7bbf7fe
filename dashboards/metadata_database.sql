-- Superset's own database in the PostgreSQL of docker-compose.yml, and a user who sees nothing else.
-- Run by psql as often as one likes: it makes what is missing and takes over a changed password.
\getenv password SUPERSET_POSTGRES_PASSWORD
SELECT 'CREATE ROLE superset LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'superset') \gexec
ALTER ROLE superset PASSWORD :'password';
SELECT 'CREATE DATABASE superset OWNER superset'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'superset') \gexec
