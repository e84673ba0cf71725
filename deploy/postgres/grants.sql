-- What each role may do with each table: the whole truth, said anew after every migration by the owner:
--   psql --username=vneid_owner --dbname=vneid --file=grants.sql
-- A table that is missing here is nobody's but the owner's.

\set ON_ERROR_STOP on
BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, vneid_app, vneid_introspection;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, vneid_app, vneid_introspection;
REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM PUBLIC, vneid_app, vneid_introspection;

-- Whether a migration is pending.
GRANT SELECT ON _sqlx_migrations TO vneid_app, vneid_introspection;

-- Accounts end as "deceased", never by DELETE (Decree 69/2024 art. 28).
GRANT SELECT, INSERT, UPDATE ON subjects, person_names, authenticators TO vneid_app;
-- A name moves to somebody else; a key that is gone is the erasure of the person's data.
GRANT SELECT, INSERT, DELETE ON login_names, subject_keys TO vneid_app;
-- A made-up name is forgotten, a logout notice is delivered, a session or grant is removed a month
-- after it was over.
GRANT SELECT, INSERT, UPDATE, DELETE ON unknown_names, logout_deliveries, sessions, grants
    TO vneid_app;
-- Withdrawn: a state, not an absence.
GRANT SELECT, INSERT, UPDATE ON consents TO vneid_app;
GRANT SELECT, INSERT, UPDATE ON relying_parties, signing_keys TO vneid_app;
-- What was written into the ledger stays as it was written; an identifier that was used stays used.
GRANT SELECT, INSERT ON events, checkpoints, consumed_ids TO vneid_app;
GRANT SELECT ON ledger_base TO vneid_app, vneid_introspection;
-- Whose turn it is to work for all nodes.
GRANT SELECT, INSERT, UPDATE ON leases TO vneid_app;
-- What passes between a browser and a telephone, without Redis.
GRANT SELECT, INSERT, UPDATE, DELETE ON transients TO vneid_app;
-- Partitions by time are made and dropped with the owner's rights, for those two tables only.
GRANT EXECUTE ON FUNCTION make_partitions, drop_partitions TO vneid_app;

-- Judging a token takes the ledger, the registry and the (wrapped) keys. No person's row.
GRANT SELECT ON events, checkpoints, relying_parties, signing_keys TO vneid_introspection;
-- Without Redis, where its callers' assertions are remembered.
GRANT SELECT, INSERT ON consumed_ids TO vneid_introspection;

COMMIT;
