-- Identifiers are UUIDs in 16 bytes, times are milliseconds since 1970 (UTC), both databases alike.
-- Personal data is sealed under the subject's key and found by blind indexes only.

CREATE TABLE subjects (
    id BLOB NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    -- To count by. What counts is sealed, so that nobody unlocks an account with an UPDATE.
    account_level INTEGER NOT NULL,
    account_state TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

-- Apart from the subject, because destroying the row is the erasure of the person's data.
CREATE TABLE subject_keys (
    subject BLOB NOT NULL PRIMARY KEY REFERENCES subjects (id),
    wrapped BLOB NOT NULL
) STRICT;

-- Current numbers and phones: each leads to one person.
CREATE TABLE login_names (
    blind_index BLOB NOT NULL PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id)
) STRICT;
CREATE INDEX login_names_subject ON login_names (subject);

-- Folded names: many people share one.
CREATE TABLE person_names (
    subject BLOB NOT NULL PRIMARY KEY REFERENCES subjects (id),
    blind_index BLOB NOT NULL
) STRICT;
CREATE INDEX person_names_index ON person_names (blind_index);

CREATE TABLE authenticators (
    id BLOB NOT NULL PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    status_since INTEGER,
    bound_at INTEGER NOT NULL,
    expires_at INTEGER,
    password_length INTEGER,
    credential BLOB NOT NULL,
    last_step INTEGER,
    failures INTEGER NOT NULL,
    failed_at INTEGER
) STRICT;
CREATE INDEX authenticators_subject ON authenticators (subject);

-- Failures under names that nobody bears.
CREATE TABLE unknown_names (
    blind_index BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX unknown_names_failed_at ON unknown_names (failed_at);

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    handle BLOB NOT NULL UNIQUE,
    evidence TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_reason TEXT,
    browser TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_live ON sessions (subject) WHERE ended_at IS NULL;

-- The primary key is the code's: a second redemption inserts nothing.
CREATE TABLE grants (
    id BLOB NOT NULL PRIMARY KEY,
    subject BLOB NOT NULL REFERENCES subjects (id),
    client TEXT NOT NULL,
    session BLOB NOT NULL,
    offline INTEGER NOT NULL,
    terms TEXT NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER NOT NULL,
    redeemed_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revoked_reason TEXT
) STRICT;
CREATE INDEX grants_subject ON grants (subject, client) WHERE revoked_at IS NULL;
CREATE INDEX grants_session ON grants (session);

CREATE TABLE consents (
    subject BLOB NOT NULL REFERENCES subjects (id),
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    claims TEXT NOT NULL,
    declined TEXT NOT NULL,
    purpose TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    withdrawn_at INTEGER,
    PRIMARY KEY (subject, client)
) STRICT;

CREATE TABLE relying_parties (
    client TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    activates_at INTEGER NOT NULL,
    retires_at INTEGER,
    removes_at INTEGER,
    compromised_at INTEGER
) STRICT;

CREATE TABLE logout_deliveries (
    id BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    uri TEXT NOT NULL,
    subject_identifier TEXT NOT NULL,
    session_identifier TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX logout_deliveries_due ON logout_deliveries (due_at);

-- AUTOINCREMENT: a sequence is never used twice. The leaf is what was hashed, byte for byte.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    subject BLOB,
    client TEXT,
    kind TEXT NOT NULL,
    leaf BLOB NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at);
CREATE INDEX events_subject ON events (subject, sequence) WHERE subject IS NOT NULL;
CREATE INDEX events_standing ON events (sequence)
    WHERE kind IN ('client_suspended', 'client_reinstated', 'key_compromised');

CREATE TABLE checkpoints (
    size INTEGER NOT NULL PRIMARY KEY,
    root BLOB NOT NULL,
    at INTEGER NOT NULL,
    signature TEXT NOT NULL
) STRICT;
