-- What a search for an attribute may pass over unread: for each block of 1024 spans, by their numbers, a filter of Bloom of
-- what they and their resources have.
CREATE TABLE span_block (id INTEGER PRIMARY KEY, filter BLOB);
-- Of the blocks that are here already nothing is known.
INSERT INTO span_block (id) SELECT DISTINCT id >> 10 FROM span;
