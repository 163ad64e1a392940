-- Letters of third parties. A row whose work is gone is done; it is kept for as long as the third party may write again.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    work BYTEA,
    arrived_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX deliveries_to_do ON deliveries (claimed_until) WHERE work IS NOT NULL;
CREATE INDEX deliveries_by_expiry ON deliveries (expires_at);

CREATE TABLE seals (
    id TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX seals_by_expiry ON seals (expires_at);

CREATE TABLE connect_codes (
    code_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);

CREATE TABLE notes (
    provider TEXT NOT NULL,
    name TEXT NOT NULL,
    note BYTEA NOT NULL,
    PRIMARY KEY (provider, name)
);

CREATE INDEX accounts_by_workspace ON accounts (provider, sub_id);
