-- no-transaction
-- To find sessions that are long over, and remove them. Built beside the logins that write there,
-- which a plain CREATE INDEX would keep waiting; for the same reason it is the only statement here.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sessions_expires_at ON sessions (expires_at);
