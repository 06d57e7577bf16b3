-- What a search for an attribute may pass over unread: for each block of 1024 spans, by their numbers, a Bloom filter of the
-- attributes of the spans and of their resources.
CREATE TABLE span_block (id INTEGER PRIMARY KEY, filter BLOB);
-- Of the blocks that are here already nothing is known.
INSERT INTO span_block (id) SELECT DISTINCT id >> 10 FROM span;
