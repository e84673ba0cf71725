-- Times are milliseconds since 1970 (UTC), as in the other database. Personal data is sealed under
-- the subject's key and found by blind indexes only. What grows with the population is partitioned by
-- hash, so that no single table or index has to hold a country.

CREATE TABLE subjects (
    id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    -- To count by. What counts is sealed, so that nobody unlocks an account with an UPDATE.
    account_level BIGINT NOT NULL,
    account_state TEXT NOT NULL,
    sealed BYTEA NOT NULL
) PARTITION BY HASH (id);

-- Apart from the subject, because destroying the row is the erasure of the person's data.
CREATE TABLE subject_keys (
    subject UUID NOT NULL PRIMARY KEY REFERENCES subjects (id),
    wrapped BYTEA NOT NULL
) PARTITION BY HASH (subject);

-- Current numbers and phones: each leads to one person.
CREATE TABLE login_names (
    blind_index BYTEA NOT NULL PRIMARY KEY,
    subject UUID NOT NULL REFERENCES subjects (id)
) PARTITION BY HASH (blind_index);
CREATE INDEX login_names_subject ON login_names (subject);

-- Folded names: many people share one.
CREATE TABLE person_names (
    subject UUID NOT NULL PRIMARY KEY REFERENCES subjects (id),
    blind_index BYTEA NOT NULL
) PARTITION BY HASH (subject);
CREATE INDEX person_names_index ON person_names (blind_index);

-- The primary key is the code's: a second redemption inserts nothing.
CREATE TABLE grants (
    id UUID NOT NULL PRIMARY KEY,
    subject UUID NOT NULL,
    client TEXT NOT NULL,
    session UUID NOT NULL,
    offline BOOLEAN NOT NULL,
    terms TEXT NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at BIGINT NOT NULL,
    redeemed_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_reason TEXT
) PARTITION BY HASH (id);
CREATE INDEX grants_subject ON grants (subject, client) WHERE revoked_at IS NULL;
CREATE INDEX grants_session ON grants (session);

DO $$
DECLARE
    parent TEXT;
BEGIN
    FOREACH parent IN ARRAY ARRAY['subjects', 'subject_keys', 'login_names', 'person_names', 'grants']
    LOOP
        FOR remainder IN 0..7 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                           parent || '_' || remainder, parent, remainder);
        END LOOP;
    END LOOP;
END $$;

CREATE TABLE authenticators (
    id UUID NOT NULL PRIMARY KEY,
    subject UUID NOT NULL REFERENCES subjects (id),
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    status_since BIGINT,
    bound_at BIGINT NOT NULL,
    expires_at BIGINT,
    password_length BIGINT,
    credential BYTEA NOT NULL,
    last_step BIGINT,
    failures BIGINT NOT NULL,
    failed_at BIGINT
);
CREATE INDEX authenticators_subject ON authenticators (subject);

-- Failures under names that nobody bears.
CREATE TABLE unknown_names (
    blind_index BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    failed_at BIGINT NOT NULL
);
CREATE INDEX unknown_names_failed_at ON unknown_names (failed_at);

-- Half-empty pages let the moment of last use be updated in place.
CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    subject UUID NOT NULL REFERENCES subjects (id),
    handle BYTEA NOT NULL UNIQUE,
    evidence TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_reason TEXT,
    browser TEXT NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX sessions_live ON sessions (subject) WHERE ended_at IS NULL;

CREATE TABLE consents (
    subject UUID NOT NULL REFERENCES subjects (id),
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    claims TEXT NOT NULL,
    declined TEXT NOT NULL,
    purpose TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (subject, client)
);

CREATE TABLE relying_parties (
    client TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    retires_at BIGINT,
    removes_at BIGINT,
    compromised_at BIGINT
);

CREATE TABLE logout_deliveries (
    id UUID NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    uri TEXT NOT NULL,
    subject_identifier TEXT NOT NULL,
    session_identifier TEXT NOT NULL,
    queued_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL
);
CREATE INDEX logout_deliveries_due ON logout_deliveries (due_at);

-- The sequence is base + (transaction id << 16) + place in the transaction: transactions append
-- without waiting for each other, and a reader knows from its snapshot which rows are settled. The
-- leaf is what was hashed, byte for byte. Partitioned by month; the default partition stays empty
-- while partitions are made ahead, and keeps appending possible if they are not.
CREATE TABLE events (
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    subject UUID,
    client TEXT,
    kind TEXT NOT NULL,
    leaf BYTEA NOT NULL,
    PRIMARY KEY (sequence, at)
) PARTITION BY RANGE (at);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_subject ON events (subject, sequence) WHERE subject IS NOT NULL;
CREATE INDEX events_standing ON events (sequence)
    WHERE kind IN ('client_suspended', 'client_reinstated', 'key_compromised');
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- What lifts the sequence above everything recorded when the data moves to a cluster whose
-- transaction ids are younger.
CREATE TABLE ledger_base (
    base BIGINT NOT NULL
);
INSERT INTO ledger_base (base) VALUES (0);

CREATE TABLE checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    root BYTEA NOT NULL,
    at BIGINT NOT NULL,
    signature TEXT NOT NULL
);

-- Identifiers that count once. A row is of no use after its expiry, so whole days are dropped.
CREATE TABLE consumed_ids (
    digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (digest, expires_at)
) PARTITION BY RANGE (expires_at);
CREATE TABLE consumed_ids_default PARTITION OF consumed_ids DEFAULT;

CREATE FUNCTION partition_column(parent TEXT) RETURNS NAME LANGUAGE sql STABLE AS $$
    SELECT a.attname FROM pg_partitioned_table p
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent::regclass
$$;

-- Partitions are made and dropped by these two, which run with the rights of whoever migrated: the
-- account that serves requests may change no table. `unit` is 'month' or 'day'.
CREATE FUNCTION make_partitions(parent TEXT, unit TEXT, moment BIGINT, ahead INTEGER) RETURNS INTEGER
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    step INTERVAL := ('1 ' || unit)::INTERVAL;
    first TIMESTAMP := date_trunc(unit, to_timestamp(moment / 1000.0) AT TIME ZONE 'UTC');
    lower_bound BIGINT;
    upper_bound BIGINT;
    child TEXT;
    taken BOOLEAN;
    made INTEGER := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('vneid_partitions'));
    FOR i IN 0..ahead LOOP
        lower_bound := extract(epoch FROM first + i * step)::BIGINT * 1000;
        upper_bound := extract(epoch FROM first + (i + 1) * step)::BIGINT * 1000;
        child := parent || '_' || to_char(first + i * step, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(child) IS NOT NULL;
        -- Rows that went to the default partition stay there, and so does the rest of their month.
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE %I >= $1 AND %I < $2)',
                       parent || '_default', partition_column(parent), partition_column(parent))
            INTO taken USING lower_bound, upper_bound;
        CONTINUE WHEN taken;
        -- Attaching locks the parent against nothing that requests do; creating in place would.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                       parent, child, lower_bound, upper_bound);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

CREATE FUNCTION drop_partitions(parent TEXT, unit TEXT, before BIGINT) RETURNS INTEGER
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last TEXT := parent || '_' || to_char(
        date_trunc(unit, to_timestamp(before / 1000.0) AT TIME ZONE 'UTC'), 'YYYYMMDD');
    child TEXT;
    dropped INTEGER := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('vneid_partitions'));
    FOR child IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent::regclass AND c.relname <> parent || '_default'
    LOOP
        CONTINUE WHEN child >= last;
        EXECUTE format('DROP TABLE %I', child);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
