-- Where the tree stood when a checkpoint was signed, so that sealing goes on from there. Absent in
-- rows of the release before.
ALTER TABLE checkpoints ADD COLUMN position INTEGER;
ALTER TABLE checkpoints ADD COLUMN peaks BLOB;

-- Work that one node does for all: whoever holds the lease, until it runs out.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder BLOB NOT NULL,
    runs_out_at INTEGER NOT NULL
) STRICT;
