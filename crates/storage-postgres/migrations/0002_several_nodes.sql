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

-- Partitions are made and dropped with the owner's rights: whoever may do so for the two tables by
-- time must not reach those of other tables with it.
ALTER FUNCTION make_partitions(TEXT, TEXT, BIGINT, INTEGER) RENAME TO make_partitions_of;
ALTER FUNCTION drop_partitions(TEXT, TEXT, BIGINT) RENAME TO drop_partitions_of;

CREATE FUNCTION refuse_unless_by_time(parent TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    IF parent NOT IN ('events', 'consumed_ids') THEN
        RAISE EXCEPTION 'there are no partitions by time of %', parent;
    END IF;
END $$;

CREATE FUNCTION make_partitions(parent TEXT, unit TEXT, moment BIGINT, ahead INTEGER) RETURNS INTEGER
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM refuse_unless_by_time(parent);
    RETURN make_partitions_of(parent, unit, moment, ahead);
END $$;

CREATE FUNCTION drop_partitions(parent TEXT, unit TEXT, before BIGINT) RETURNS INTEGER
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM refuse_unless_by_time(parent);
    RETURN drop_partitions_of(parent, unit, before);
END $$;
