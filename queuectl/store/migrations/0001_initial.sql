-- The queue as it begins. Times are milliseconds since 1970 in UTC; lists and maps are JSON.

CREATE TABLE jobs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    state            TEXT    NOT NULL CHECK (state IN ('pending', 'scheduled', 'blocked', 'processing',
                                                       'failed', 'completed', 'dead', 'cancelled')),
    queue            TEXT    NOT NULL,
    priority         INTEGER NOT NULL,
    command          TEXT,
    argv             TEXT,
    cwd              TEXT,
    env              TEXT,
    path             TEXT,
    shell            TEXT,
    timeout          REAL,                               -- seconds
    max_retries      INTEGER NOT NULL,
    backoff_base     REAL    NOT NULL,
    key              TEXT,
    name             TEXT,
    tags             TEXT,
    waits_for        TEXT,                               -- as asked; dependencies holds what is still to come
    source           TEXT    NOT NULL,                   -- who enqueued it, or what
    attempts         INTEGER NOT NULL DEFAULT 0,         -- runs spent since enqueued or retried by a person
    runs             INTEGER NOT NULL DEFAULT 0,         -- runs ever begun
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    run_at           INTEGER,
    started_at       INTEGER,
    finished_at      INTEGER,
    exit_code        INTEGER,
    reason           TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    lease_token      TEXT,
    lease_owner      TEXT,
    lease_expires_at INTEGER,
    CHECK ((command IS NULL) <> (argv IS NULL)),
    CHECK ((state = 'processing') = (lease_token IS NOT NULL))
) STRICT;

-- The claim reads only this index, so that its cost does not grow with what has ended or waits.
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, id) WHERE state = 'pending';
CREATE INDEX jobs_scheduled ON jobs (run_at) WHERE state = 'scheduled';
CREATE INDEX jobs_failed ON jobs (run_at) WHERE state = 'failed';
CREATE INDEX jobs_processing ON jobs (lease_owner) WHERE state = 'processing';
CREATE INDEX jobs_blocked ON jobs (id) WHERE state = 'blocked';
CREATE INDEX jobs_ended ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_key ON jobs (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX jobs_live_key ON jobs (key)
    WHERE key IS NOT NULL AND state NOT IN ('completed', 'dead', 'cancelled');

-- One row a run that was seen to start late or to end; what runs now stands in jobs.
CREATE TABLE attempts (
    job_id       INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL,
    host         TEXT    NOT NULL,
    host_name    TEXT    NOT NULL,
    pid          INTEGER,
    pid_created  REAL,
    started_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    outcome      TEXT,
    next_state   TEXT,
    exit_code    INTEGER,
    reason       TEXT,
    tail         TEXT    NOT NULL DEFAULT '',
    output_bytes INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;

-- What happened to a job besides its runs: who retried, cancelled, promoted it, and why.
CREATE TABLE events (
    id     INTEGER PRIMARY KEY,
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    run    INTEGER NOT NULL,  -- how many had begun by then
    verb   TEXT    NOT NULL,
    before TEXT,
    after  TEXT    NOT NULL,
    actor  TEXT    NOT NULL,
    detail TEXT
) STRICT;
CREATE INDEX events_job ON events (job_id);

CREATE TABLE dependencies (
    job_id    INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    parent_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    PRIMARY KEY (job_id, parent_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependencies_parent ON dependencies (parent_id);

CREATE TABLE queues (
    name       TEXT    PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A paused queue; the queue '' stands for all of them.
CREATE TABLE pauses (
    queue TEXT    PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT, WITHOUT ROWID;

-- A batch that was enqueued under a token is never enqueued again.
CREATE TABLE batches (
    token      TEXT    PRIMARY KEY,
    created_at INTEGER NOT NULL,
    job_ids    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
    id         TEXT    PRIMARY KEY,
    machine    TEXT    NOT NULL,  -- which machine, for good
    name       TEXT    NOT NULL,  -- its name, for people
    kind       TEXT    NOT NULL,  -- serve, worker or tray
    pid        INTEGER NOT NULL,
    workers    INTEGER NOT NULL,
    port       INTEGER,           -- of its doorbell, on loopback
    version    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    stop       TEXT               -- how it was asked to stop
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counted as they change: counting a million rows would take too long for a status line.
CREATE TABLE job_counts (
    queue TEXT    NOT NULL,
    state TEXT    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (queue, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER jobs_count_insert AFTER INSERT ON jobs BEGIN
    INSERT INTO job_counts (queue, state, count) VALUES (new.queue, new.state, 1)
    ON CONFLICT (queue, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER jobs_count_update AFTER UPDATE OF state, queue ON jobs
WHEN old.state <> new.state OR old.queue <> new.queue BEGIN
    UPDATE job_counts SET count = count - 1 WHERE queue = old.queue AND state = old.state;
    INSERT INTO job_counts (queue, state, count) VALUES (new.queue, new.state, 1)
    ON CONFLICT (queue, state) DO UPDATE SET count = count + 1;
END;

CREATE TRIGGER jobs_count_delete AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET count = count - 1 WHERE queue = old.queue AND state = old.state;
END;
