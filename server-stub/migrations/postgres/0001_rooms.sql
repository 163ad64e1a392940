-- Times are milliseconds since the Unix epoch. BYTEAs are sealed. An empty string stands for an absent part of a key.
--
-- Nodes of the version before run while this is applied, and after it. So a migration only adds: tables, indexes, and
-- columns that may be NULL or have a default. What is no longer used is dropped one release after the last version that
-- reads or writes it. Queries name their columns, so that an added one does not change a prepared statement's result.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    full_name TEXT NOT NULL,
    version BIGINT NOT NULL,
    signed_up_with TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    position BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (user_id, team_id)
);
CREATE INDEX members_by_team ON members (team_id);

CREATE TABLE identities (
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (provider, host, subject)
);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    team_id TEXT,
    provider TEXT,
    token_hash TEXT NOT NULL UNIQUE,
    broadcaster_hash TEXT NOT NULL UNIQUE,
    broadcaster_token BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX sessions_by_user ON sessions (user_id);

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
    created_at BIGINT NOT NULL,
    open_by BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    opened_at BIGINT,
    ended_at BIGINT,
    step TEXT,
    code TEXT,
    message TEXT,
    UNIQUE (token_hash, challenge)
);
CREATE INDEX handshakes_by_expiry ON handshakes (expires_at);
-- The next one to end is asked for whenever one is opened; those that have ended are kept for a day.
CREATE INDEX handshakes_open_by_expiry ON handshakes (expires_at) WHERE ended_at IS NULL;

CREATE TABLE states (
    jti TEXT PRIMARY KEY,
    code_id TEXT NOT NULL REFERENCES handshakes (code_id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    verifier BYTEA,
    browser_hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT
);
CREATE INDEX states_by_handshake ON states (code_id);

CREATE TABLE grants (
    code_id TEXT PRIMARY KEY REFERENCES handshakes (code_id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    token BYTEA NOT NULL,
    account TEXT,
    status TEXT NOT NULL
);

CREATE TABLE accounts (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    team_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    sub_id TEXT NOT NULL,
    access_token BYTEA,
    refresh_token BYTEA,
    expires_at BIGINT,
    is_api_token BIGINT NOT NULL,
    who TEXT,
    subject TEXT,
    since BIGINT NOT NULL,
    data BYTEA,
    token_error TEXT,
    -- Until when a refresh of the account is under way.
    refreshing_until BIGINT,
    PRIMARY KEY (user_id, team_id, provider, host, sub_id)
);

CREATE TABLE messages (
    position BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    payload BYTEA NOT NULL
);
CREATE INDEX messages_by_channel ON messages (channel, timestamp);
CREATE INDEX messages_by_time ON messages (timestamp);

CREATE TABLE undos (
    token_hash TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    session_id TEXT,
    expires_at BIGINT NOT NULL
);

-- A limit that forgets at a crash still limits, so no write-ahead log is kept of it.
CREATE UNLOGGED TABLE rate_limits (
    bucket TEXT PRIMARY KEY,
    full_at BIGINT NOT NULL
);
CREATE INDEX rate_limits_by_time ON rate_limits (full_at);
