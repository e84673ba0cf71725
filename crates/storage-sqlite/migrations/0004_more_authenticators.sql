-- Of two that change one authenticator at once, one wins.
ALTER TABLE authenticators ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Identifiers that count once. A row is of no use after its expiry, which is never more than a day
-- away: what expired a week before the newest was over long ago.
CREATE TABLE consumed_ids (
    digest BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (digest, expires_at)
) STRICT;
CREATE INDEX consumed_ids_expires_at ON consumed_ids (expires_at);
CREATE TRIGGER consumed_ids_over AFTER INSERT ON consumed_ids BEGIN
    DELETE FROM consumed_ids WHERE expires_at < NEW.expires_at - 7 * 86400000;
END;
