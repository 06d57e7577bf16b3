-- What is asked of many spans at once is read from an index alone, in order: a look at each span is one at a random place
-- in a file that may not be in memory.

-- Roots, with what a filter and a comparison ask for.
CREATE INDEX span_root ON span (operation, start, duration, status, resource, attributes, flags) WHERE flags & 1;
-- Calls, with the waiting for them.
CREATE INDEX span_wait ON span (trace, start, operation, peer, wait) WHERE wait > 0 AND peer IS NOT NULL;
