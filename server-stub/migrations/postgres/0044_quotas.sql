-- What a user has under way is counted whenever one more is begun.
CREATE INDEX handshakes_open_by_user ON handshakes (user_id) WHERE ended_at IS NULL;
CREATE INDEX connect_codes_by_user ON connect_codes (user_id, expires_at);
