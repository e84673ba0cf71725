-- Of two that change one authenticator at once, one wins.
ALTER TABLE authenticators ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- Transactions between a browser and a telephone, for an installation without Redis. They may be
-- lost, so they are not logged: gone after a crash, and never on a standby.
CREATE UNLOGGED TABLE transients (
    digest BYTEA NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX transients_expires_at ON transients (expires_at);
