-- Who may connect. Run once by a superuser, before the first migration, in the database of the provider:
--   psql --dbname=vneid --file=roles.sql
-- Run again it changes nothing. What each role may do with the tables is grants.sql, after every
-- migration. No password stands here: \password sets one, or pg_hba.conf asks for certificates.

\set ON_ERROR_STOP on
BEGIN;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES ('vneid_owner'), ('vneid_app'), ('vneid_introspection'), ('vneid_backup'),
             ('vneid_monitor')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Owns the tables and connects for `vneid migrate` only.
ALTER ROLE vneid_owner NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4;
-- Nodes that log people in, and the command line.
ALTER ROLE vneid_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- Nodes that judge tokens.
ALTER ROLE vneid_introspection NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
-- Takes base backups and streams the log; reads no table.
ALTER ROLE vneid_backup NOSUPERUSER NOCREATEDB NOCREATEROLE REPLICATION NOBYPASSRLS CONNECTION LIMIT 8;
-- Sees statistics, and no row.
ALTER ROLE vneid_monitor NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 4;
GRANT pg_monitor TO vneid_monitor;

-- Bounds of the roles rather than of the connection: they hold behind PgBouncer as well. A transaction
-- that hangs holds back what every follower may read.
ALTER ROLE vneid_app SET statement_timeout = '10s';
ALTER ROLE vneid_app SET lock_timeout = '5s';
ALTER ROLE vneid_app SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE vneid_introspection SET statement_timeout = '5s';
ALTER ROLE vneid_introspection SET idle_in_transaction_session_timeout = '5s';

-- The database belongs to the owner, and to nobody by default.
SELECT format('ALTER DATABASE %I OWNER TO vneid_owner', current_database()) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO vneid_app, vneid_introspection, vneid_monitor',
              current_database()) \gexec
ALTER SCHEMA public OWNER TO vneid_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vneid_app, vneid_introspection;

COMMIT;
