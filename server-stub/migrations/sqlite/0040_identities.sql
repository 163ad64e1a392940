-- Connecting an account used to make it a way to sign in. Of each user the identity stays that was made with the user: the
-- first one of the service that the user signed up with; where there is none, the first one, so that nobody is locked out.

-- What a user is told once.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    provider TEXT,
    account TEXT,
    created_at INTEGER NOT NULL,
    told_at INTEGER
) STRICT;
CREATE INDEX notices_to_tell ON notices (user_id) WHERE told_at IS NULL;

CREATE TABLE connected_identities AS
    SELECT provider, host, subject, user_id FROM (
        SELECT identities.provider, identities.host, identities.subject, identities.user_id,
            ROW_NUMBER() OVER (
                PARTITION BY identities.user_id
                ORDER BY CASE WHEN identities.provider = users.signed_up_with AND identities.host = '' THEN 0 ELSE 1 END,
                    identities.rowid
            ) AS place
        FROM identities JOIN users ON users.id = identities.user_id
    ) AS ranked WHERE place > 1;

INSERT INTO notices (id, user_id, kind, provider, account, created_at)
    SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
            || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
        gone.user_id, 'identityRemoved', gone.provider,
        (SELECT MIN(accounts.who) FROM accounts
         WHERE accounts.user_id = gone.user_id AND accounts.provider = gone.provider AND accounts.host = gone.host
             AND accounts.subject = gone.subject),
        CAST(strftime('%s', 'now') AS INTEGER) * 1000
    FROM connected_identities AS gone;

DELETE FROM identities WHERE EXISTS (
    SELECT 1 FROM connected_identities AS gone
    WHERE identities.provider = gone.provider AND identities.host = gone.host AND identities.subject = gone.subject);
DROP TABLE connected_identities;

ALTER TABLE identities ADD COLUMN id TEXT;
ALTER TABLE identities ADD COLUMN name TEXT;
ALTER TABLE identities ADD COLUMN since INTEGER;
ALTER TABLE identities ADD COLUMN origin TEXT NOT NULL DEFAULT 'unknown';
UPDATE identities SET
    id = lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
        || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
    name = (SELECT MIN(accounts.who) FROM accounts
            WHERE accounts.user_id = identities.user_id AND accounts.provider = identities.provider
                AND accounts.host = identities.host AND accounts.subject = identities.subject),
    since = (SELECT users.created_at FROM users
             WHERE users.id = identities.user_id AND users.signed_up_with = identities.provider),
    origin = CASE WHEN EXISTS (SELECT 1 FROM users
                               WHERE users.id = identities.user_id AND users.signed_up_with = identities.provider)
        THEN 'signUp' ELSE 'linked' END;
CREATE UNIQUE INDEX identities_by_id ON identities (id);
CREATE INDEX identities_by_user ON identities (user_id);

ALTER TABLE sessions ADD COLUMN ide TEXT;
ALTER TABLE sessions ADD COLUMN machine TEXT;
ALTER TABLE sessions ADD COLUMN address TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER;
-- The identity that was signed in with.
ALTER TABLE sessions ADD COLUMN identity_id TEXT;
CREATE INDEX sessions_by_identity ON sessions (identity_id);

-- A handshake that links: what it is for, and who came back.
ALTER TABLE handshakes ADD COLUMN purpose TEXT;
ALTER TABLE handshakes ADD COLUMN subject TEXT;
ALTER TABLE handshakes ADD COLUMN account TEXT;
