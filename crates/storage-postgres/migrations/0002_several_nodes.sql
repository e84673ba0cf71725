-- Where the tree stood when a checkpoint was signed, so that sealing goes on from there. Absent in
-- rows of the release before.
ALTER TABLE checkpoints ADD COLUMN position BIGINT;
ALTER TABLE checkpoints ADD COLUMN peaks BYTEA;

-- Work that one node does for all: whoever holds the lease, until it runs out.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder UUID NOT NULL,
    runs_out_at BIGINT NOT NULL
);
