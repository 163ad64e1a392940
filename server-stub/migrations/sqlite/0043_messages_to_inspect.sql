-- Before this version what was written in private channels of third parties was published on team channels. Payloads are
-- sealed: the server opens the messages listed here when it starts, deletes those with an activity, and takes each off the list.
CREATE TABLE messages_to_inspect (
    id TEXT PRIMARY KEY
) STRICT;
INSERT INTO messages_to_inspect (id) SELECT id FROM messages WHERE channel LIKE 'team-%';
