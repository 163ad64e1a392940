-- The next one to end is asked for whenever one is opened; those that have ended are kept for a day.
CREATE INDEX handshakes_open_by_expiry ON handshakes (expires_at) WHERE ended_at IS NULL;
