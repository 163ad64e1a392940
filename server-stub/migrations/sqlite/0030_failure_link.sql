-- Where a person can mend what a handshake failed of.
ALTER TABLE handshakes ADD COLUMN link TEXT;
