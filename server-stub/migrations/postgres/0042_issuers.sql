-- Whether the host has a redirect URI of its own (RFC 9700 4.4.2). Hosts that were added before keep the service's until they
-- are added again.
ALTER TABLE team_hosts ADD COLUMN own_redirect_uri BIGINT NOT NULL DEFAULT 0;

-- Digests of codes that came back for such an older host at the service's own redirect URI: they are good for nothing else.
CREATE TABLE spent_codes (
    digest TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
