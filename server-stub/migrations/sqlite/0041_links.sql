-- A start link belongs to the browser that opened it first; the note is for the person who waits in the IDE.
ALTER TABLE handshakes ADD COLUMN browser_hash TEXT;
ALTER TABLE handshakes ADD COLUMN note TEXT;
CREATE INDEX handshakes_noted ON handshakes (user_id) WHERE note IS NOT NULL;
-- The first answer to a callback, so that a reload is answered alike.
ALTER TABLE states ADD COLUMN landing BLOB;
-- What an undo led to, so that a second press is answered alike.
ALTER TABLE undos ADD COLUMN taken_at INTEGER;
ALTER TABLE undos ADD COLUMN outcome TEXT;
