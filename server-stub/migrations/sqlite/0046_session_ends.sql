-- When its time was found to be over. Kept for a while after it, so that whoever comes back is told why.
ALTER TABLE sessions ADD COLUMN expired_at INTEGER;
CREATE INDEX sessions_by_start ON sessions (created_at) WHERE expired_at IS NULL;
CREATE INDEX sessions_by_use ON sessions (COALESCE(last_used_at, created_at)) WHERE expired_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (expired_at) WHERE expired_at IS NOT NULL;
