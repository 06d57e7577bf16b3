-- Times are nanoseconds since 1970, durations nanoseconds, minutes since 1970.

CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- The dictionary.
CREATE TABLE key (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE resource (id INTEGER PRIMARY KEY, service INTEGER NOT NULL, attributes BLOB NOT NULL, raw BLOB NOT NULL UNIQUE);
CREATE TABLE scope (id INTEGER PRIMARY KEY, raw BLOB NOT NULL UNIQUE);
CREATE TABLE node (id INTEGER PRIMARY KEY, class INTEGER NOT NULL, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (class, name));
CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, node INTEGER NOT NULL);
CREATE TABLE operation (
    id INTEGER PRIMARY KEY, service INTEGER NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL, root INTEGER NOT NULL,
    UNIQUE (service, name, kind, root)
);

-- Sums of a request and of a trace have the same names.
CREATE TABLE request (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, correlated INTEGER NOT NULL, changed INTEGER NOT NULL,
    traces INTEGER NOT NULL DEFAULT 0, rooted INTEGER NOT NULL DEFAULT 0,
    start INTEGER, end INTEGER, root_start INTEGER, root_operation INTEGER,
    spans INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0, logs INTEGER NOT NULL DEFAULT 0,
    invocations INTEGER NOT NULL DEFAULT 0, exact INTEGER NOT NULL DEFAULT 0, cold INTEGER NOT NULL DEFAULT 0,
    billed INTEGER NOT NULL DEFAULT 0, gb_s REAL NOT NULL DEFAULT 0, queue INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX request_start ON request (start);
CREATE INDEX request_changed ON request (changed);
CREATE TABLE trace (
    id INTEGER PRIMARY KEY, trace_id BLOB NOT NULL UNIQUE, request INTEGER NOT NULL,
    start INTEGER, end INTEGER, root_start INTEGER, root_operation INTEGER,
    spans INTEGER NOT NULL DEFAULT 0, errors INTEGER NOT NULL DEFAULT 0, logs INTEGER NOT NULL DEFAULT 0,
    invocations INTEGER NOT NULL DEFAULT 0, exact INTEGER NOT NULL DEFAULT 0, cold INTEGER NOT NULL DEFAULT 0,
    billed INTEGER NOT NULL DEFAULT 0, gb_s REAL NOT NULL DEFAULT 0, queue INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX trace_request ON trace (request);
CREATE TABLE request_service (request INTEGER, service INTEGER, PRIMARY KEY (request, service)) WITHOUT ROWID;

-- `attributes` is a sorted list of eight bytes each: the key's number above 48 bits of the value's hash.
CREATE TABLE span (
    id INTEGER PRIMARY KEY, trace INTEGER NOT NULL, span_id INTEGER NOT NULL, parent INTEGER, operation INTEGER NOT NULL,
    start INTEGER NOT NULL, duration INTEGER NOT NULL, status INTEGER NOT NULL, flags INTEGER NOT NULL, peer INTEGER,
    wait INTEGER NOT NULL, resource INTEGER NOT NULL, attributes BLOB NOT NULL
);
CREATE INDEX span_trace ON span (trace, span_id);
CREATE INDEX span_operation ON span (operation, start, duration, status);
CREATE TABLE raw_span (id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, raw BLOB NOT NULL);
-- Roots whose parents have not come in.
CREATE TABLE orphan (trace INTEGER, parent INTEGER, span INTEGER, PRIMARY KEY (trace, parent, span)) WITHOUT ROWID;

CREATE TABLE invocation (
    id INTEGER PRIMARY KEY, request_id TEXT NOT NULL, service INTEGER NOT NULL, trace INTEGER, span INTEGER,
    start INTEGER NOT NULL, duration INTEGER, billed INTEGER NOT NULL, exact INTEGER NOT NULL, gb_s REAL, arm INTEGER NOT NULL,
    memory_size INTEGER, memory_used INTEGER, cold INTEGER NOT NULL, init INTEGER, status TEXT NOT NULL, error TEXT,
    trigger TEXT, queue INTEGER, deadline_used REAL, arch TEXT, version TEXT, instance TEXT, tenant TEXT, route TEXT
);
CREATE INDEX invocation_request_id ON invocation (request_id);
CREATE INDEX invocation_start ON invocation (start);
CREATE INDEX invocation_trace ON invocation (trace);

CREATE TABLE log (
    id INTEGER PRIMARY KEY, trace INTEGER, span_id INTEGER, time INTEGER NOT NULL, severity INTEGER NOT NULL,
    service INTEGER NOT NULL, request_id TEXT, body TEXT NOT NULL, raw BLOB NOT NULL
);
CREATE INDEX log_trace ON log (trace, time) WHERE trace IS NOT NULL;
CREATE INDEX log_request_id ON log (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX log_time ON log (time);
CREATE VIRTUAL TABLE log_text USING fts5 (body, content = '', contentless_delete = 1);

CREATE TABLE series (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL, resource INTEGER NOT NULL,
    attributes BLOB NOT NULL, UNIQUE (name, unit, kind, resource, attributes)
);
CREATE TABLE point (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL, count INTEGER, min REAL,
    max REAL, trace INTEGER
);
CREATE INDEX point_series ON point (series, time);
CREATE INDEX point_time ON point (time);

-- Rollups, by minutes and by hours: a day has 1440 minutes, and a map of it must not read them all.
CREATE TABLE cell_hour (
    operation INTEGER, hour INTEGER, bucket INTEGER, spans INTEGER NOT NULL, errors INTEGER NOT NULL,
    time INTEGER NOT NULL, PRIMARY KEY (operation, hour, bucket)
) WITHOUT ROWID;
CREATE TABLE edge_hour (
    hour INTEGER, source INTEGER, target INTEGER, kind INTEGER, bucket INTEGER, calls INTEGER NOT NULL,
    errors INTEGER NOT NULL, throttled INTEGER NOT NULL, time INTEGER NOT NULL, wait INTEGER NOT NULL, example INTEGER,
    PRIMARY KEY (hour, source, target, kind, bucket)
) WITHOUT ROWID;
CREATE TABLE cell (
    operation INTEGER, minute INTEGER, bucket INTEGER, spans INTEGER NOT NULL, errors INTEGER NOT NULL,
    time INTEGER NOT NULL, PRIMARY KEY (operation, minute, bucket)
) WITHOUT ROWID;
CREATE TABLE edge (
    minute INTEGER, source INTEGER, target INTEGER, kind INTEGER, bucket INTEGER, calls INTEGER NOT NULL,
    errors INTEGER NOT NULL, throttled INTEGER NOT NULL, time INTEGER NOT NULL, wait INTEGER NOT NULL, example INTEGER,
    PRIMARY KEY (minute, source, target, kind, bucket)
) WITHOUT ROWID;
