-- Directives of a team carry its version, as those of a user do.
ALTER TABLE teams ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- Services that a team hosts itself.
CREATE TABLE team_hosts (
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    base TEXT NOT NULL,
    client_id TEXT,
    client_secret BLOB,
    PRIMARY KEY (team_id, provider, host)
) STRICT;

-- Tokens of the app itself in a team's workspaces.
CREATE TABLE team_tokens (
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    access_token BLOB NOT NULL,
    refresh_token BLOB,
    expires_at INTEGER,
    since INTEGER NOT NULL,
    data BLOB,
    PRIMARY KEY (team_id, provider, host, workspace_id)
) STRICT;
