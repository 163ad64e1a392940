-- Until when a refresh of the account is under way.
ALTER TABLE accounts ADD COLUMN refreshing_until INTEGER;
