-- What may be dropped at all, whatever a configuration says and whatever a node takes for the time.
-- Asking the database's own clock is the point here; statements of requests never do.
CREATE OR REPLACE FUNCTION drop_partitions(parent TEXT, unit TEXT, before BIGINT) RETURNS INTEGER
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    -- Use history is kept for five years (Decree 69/2024 art. 28); a used identifier until it has
    -- expired, which is what its partition goes by.
    kept INTERVAL := CASE parent WHEN 'events' THEN INTERVAL '5 years' ELSE INTERVAL '0' END;
BEGIN
    PERFORM refuse_unless_by_time(parent);
    IF to_timestamp(before / 1000.0) > now() - kept THEN
        RAISE EXCEPTION 'partitions of % younger than % are never dropped', parent, kept;
    END IF;
    RETURN drop_partitions_of(parent, unit, before);
END $$;
