-- To find sessions that are long over, and remove them.
CREATE INDEX sessions_expires_at ON sessions (expires_at);
