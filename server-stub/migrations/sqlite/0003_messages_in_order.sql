-- Messages of one millisecond keep the order in which they were published.
CREATE TABLE messages_in_order (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    payload BLOB NOT NULL
) STRICT;
INSERT INTO messages_in_order (position, id, channel, timestamp, payload)
    SELECT rowid, id, channel, timestamp, payload FROM messages;
DROP TABLE messages;
ALTER TABLE messages_in_order RENAME TO messages;
CREATE INDEX messages_by_channel ON messages (channel, timestamp);
CREATE INDEX messages_by_time ON messages (timestamp);
