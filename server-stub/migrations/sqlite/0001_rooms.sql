-- Times are milliseconds since the Unix epoch. BLOBs are sealed. An empty string stands for an absent part of a key.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    full_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    signed_up_with TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    position INTEGER PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (user_id, team_id)
) STRICT;
CREATE INDEX members_by_team ON members (team_id);

CREATE TABLE identities (
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (provider, host, subject)
) STRICT;

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    team_id TEXT,
    provider TEXT,
    token_hash TEXT NOT NULL UNIQUE,
    broadcaster_hash TEXT NOT NULL UNIQUE,
    broadcaster_token BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE TABLE handshakes (
    code_id TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    team_id TEXT,
    token_hash TEXT,
    challenge TEXT,
    ide TEXT,
    machine TEXT,
    agent_address TEXT,
    provider TEXT,
    created_at INTEGER NOT NULL,
    open_by INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at INTEGER,
    ended_at INTEGER,
    step TEXT,
    code TEXT,
    message TEXT,
    UNIQUE (token_hash, challenge)
) STRICT;
CREATE INDEX handshakes_by_expiry ON handshakes (expires_at);

CREATE TABLE states (
    jti TEXT PRIMARY KEY,
    code_id TEXT NOT NULL REFERENCES handshakes (code_id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    verifier BLOB,
    browser_hash TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER
) STRICT;
CREATE INDEX states_by_handshake ON states (code_id);

CREATE TABLE grants (
    code_id TEXT PRIMARY KEY REFERENCES handshakes (code_id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    token BLOB NOT NULL,
    account TEXT,
    status TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    team_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    access_token BLOB,
    refresh_token BLOB,
    expires_at INTEGER,
    is_api_token INTEGER NOT NULL,
    who TEXT,
    subject TEXT,
    since INTEGER NOT NULL,
    data BLOB,
    token_error TEXT,
    PRIMARY KEY (user_id, team_id, provider, host, sub_id)
) STRICT;

CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX messages_by_channel ON messages (channel, timestamp);
CREATE INDEX messages_by_time ON messages (timestamp);

CREATE TABLE undos (
    token_hash TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    session_id TEXT,
    expires_at INTEGER NOT NULL
) STRICT;
