-- The values of various per-database settings
PRAGMA page_size=4096;
-- PRAGMA encoding='UTF-8';
-- PRAGMA auto_vacuum=NONE;
-- PRAGMA max_page_count=4294967294;

BEGIN TRANSACTION;

-- Table  attempts
DROP TABLE IF EXISTS attempts;
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
INSERT INTO attempts VALUES(5,1,'host-1','a machine',NULL,NULL,1774746000250,1774746000250,'completed','completed',0,NULL,'the end
',8);
INSERT INTO attempts VALUES(6,1,'host-1','a machine',NULL,NULL,1774746001250,1774746001250,'failed','failed',7,'because of fail','the end
',8);
INSERT INTO attempts VALUES(7,1,'host-1','a machine',NULL,NULL,1774746002250,1774746002250,'failed','dead',8,'because of bury','the end
',8);
INSERT INTO attempts VALUES(8,1,'host-1','a machine',NULL,NULL,1774746003250,1774746003250,'cancelled','cancelled',NULL,'because of cancel','the end
',8);
INSERT INTO attempts VALUES(10,1,'host-1','a machine',4000000,1.5,1774746003250,NULL,NULL,NULL,NULL,NULL,'',0);
-- Triggers and indices on  attempts
CREATE INDEX attempts_ended ON attempts (finished_at) WHERE finished_at IS NOT NULL;

-- Table  batches
DROP TABLE IF EXISTS batches;
CREATE TABLE batches (
    token      TEXT    PRIMARY KEY,
    created_at INTEGER NOT NULL,
    job_ids    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO batches VALUES('a token',1774746003250,'[11, 12]');

-- Table  dependencies
DROP TABLE IF EXISTS dependencies;
CREATE TABLE dependencies (
    job_id    INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    parent_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, kind TEXT NOT NULL DEFAULT 'completed', met INTEGER NOT NULL DEFAULT 0, if_dead TEXT NOT NULL DEFAULT 'cancel',
    PRIMARY KEY (job_id, parent_id)
) STRICT, WITHOUT ROWID;
INSERT INTO dependencies VALUES(4,3,'completed',0,'cancel');
-- Triggers and indices on  dependencies
CREATE INDEX dependencies_parent ON dependencies (parent_id);

-- Table  events
DROP TABLE IF EXISTS events;
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
INSERT INTO events VALUES(1,2,1774745999250,0,'enqueue',NULL,'scheduled','tests',NULL);
INSERT INTO events VALUES(2,4,1774745999250,0,'enqueue',NULL,'blocked','tests',NULL);
INSERT INTO events VALUES(3,9,1774746003250,0,'cancel','pending','cancelled','tests','not today');
INSERT INTO events VALUES(4,9,1774746003250,0,'retry','cancelled','pending','tests',NULL);
-- Triggers and indices on  events
CREATE INDEX events_job ON events (job_id);

-- Table  hosts
DROP TABLE IF EXISTS hosts;
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
, dashboard TEXT, logs TEXT, tags TEXT, queues TEXT) STRICT, WITHOUT ROWID;
INSERT INTO hosts VALUES('host-1','a machine''s id','Grüße','serve',4000000,4,65535,'1.2.3',1774745999250,1774745999250,NULL,'http://127.0.0.1:1',NULL,NULL,NULL);

-- Table  job_counts
DROP TABLE IF EXISTS job_counts;
CREATE TABLE job_counts (
    queue TEXT    NOT NULL,
    state TEXT    NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (queue, state)
) STRICT, WITHOUT ROWID;
INSERT INTO job_counts VALUES('default','blocked',1);
INSERT INTO job_counts VALUES('default','cancelled',1);
INSERT INTO job_counts VALUES('default','completed',1);
INSERT INTO job_counts VALUES('default','dead',1);
INSERT INTO job_counts VALUES('default','failed',1);
INSERT INTO job_counts VALUES('default','pending',1);
INSERT INTO job_counts VALUES('default','processing',0);
INSERT INTO job_counts VALUES('default','scheduled',1);
INSERT INTO job_counts VALUES('other','pending',1);
INSERT INTO job_counts VALUES('paused','pending',3);
INSERT INTO job_counts VALUES('running','pending',0);
INSERT INTO job_counts VALUES('running','processing',1);

-- Table  jobs
DROP TABLE IF EXISTS jobs;
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
    lease_expires_at INTEGER, slots INTEGER NOT NULL DEFAULT 1, mutex TEXT, note TEXT, schedule TEXT, options TEXT, progress REAL, progress_text TEXT, machine TEXT NOT NULL DEFAULT '',
    CHECK ((command IS NULL) <> (argv IS NULL)),
    CHECK ((state = 'processing') = (lease_token IS NOT NULL))
) STRICT;
INSERT INTO jobs VALUES(1,'pending','other',7,'echo ''it''''s'' "$HOME"
echo ü',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,'pending',NULL,'["red", "blue"]',NULL,'tests',0,0,1774745999250,1774745999250,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(2,'scheduled','default',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,'scheduled',NULL,NULL,NULL,'tests',0,0,1774745999250,1774745999250,4928345999250,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(3,'pending','paused',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,NULL,'parent',NULL,NULL,'tests',0,0,1774745999250,1774745999250,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(4,'blocked','default',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,'blocked',NULL,NULL,'[3]','tests',0,0,1774745999250,1774745999250,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(5,'completed','default',0,'true',NULL,'/tmp','{"NAME": "Grüße"}',NULL,'bash',12.5,1,2.0,'completed',NULL,NULL,NULL,'tests',1,1,1774745999250,1774746000250,NULL,1774746000250,1774746000250,0,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(6,'failed','default',0,'true',NULL,'/tmp','{"NAME": "Grüße"}',NULL,'bash',12.5,1,2.0,'failed',NULL,NULL,NULL,'tests',1,1,1774746000250,1774746001250,1774749601250,1774746001250,NULL,7,'because of fail',0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(7,'dead','default',0,'true',NULL,'/tmp','{"NAME": "Grüße"}',NULL,'bash',12.5,1,2.0,'dead',NULL,NULL,NULL,'tests',1,1,1774746001250,1774746002250,NULL,1774746002250,1774746002250,8,'because of bury',0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(8,'cancelled','default',0,'true',NULL,'/tmp','{"NAME": "Grüße"}',NULL,'bash',12.5,1,2.0,'cancelled',NULL,NULL,NULL,'tests',1,1,1774746002250,1774746003250,NULL,1774746003250,1774746003250,NULL,'because of cancel',0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(9,'pending','default',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,NULL,'retried',NULL,NULL,'tests',0,0,1774746003250,1774746003250,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(10,'processing','running',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,'processing',NULL,NULL,NULL,'tests',1,1,1774746003250,1774746003250,NULL,1774746003250,NULL,NULL,NULL,0,'6b541d259a270eaec6dfccdf70aa3bb9','host-1',1774746063250,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(11,'pending','paused',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,NULL,NULL,NULL,NULL,'',0,0,1774746003250,1774746003250,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO jobs VALUES(12,'pending','paused',0,'true',NULL,NULL,NULL,NULL,NULL,NULL,3,2.0,NULL,NULL,NULL,NULL,'',0,0,1774746003250,1774746003250,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,'');
-- Triggers and indices on  jobs
CREATE INDEX jobs_claimable ON jobs (queue, machine, priority DESC, id) WHERE state = 'pending';
CREATE TRIGGER jobs_count_delete AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET count = count - 1 WHERE queue = old.queue AND state = old.state;
END;
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
CREATE INDEX jobs_due_of_queue ON jobs (queue, state, run_at) WHERE state IN ('scheduled', 'failed');
CREATE INDEX jobs_ended ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_ended_of_queue ON jobs (queue, state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_failed ON jobs (run_at) WHERE state = 'failed';
CREATE INDEX jobs_key ON jobs (key) WHERE key IS NOT NULL;
CREATE INDEX jobs_listed ON jobs (queue, state) WHERE state <> 'processing';
CREATE UNIQUE INDEX jobs_live_key ON jobs (key)
    WHERE key IS NOT NULL AND state NOT IN ('completed', 'dead', 'cancelled');
CREATE INDEX jobs_mutex ON jobs (mutex, queue, priority DESC, id)
    WHERE mutex IS NOT NULL AND state IN ('pending', 'blocked');
CREATE UNIQUE INDEX jobs_mutex_held ON jobs (mutex) WHERE mutex IS NOT NULL AND state = 'processing';
CREATE INDEX jobs_mutex_ready ON jobs (mutex) WHERE mutex IS NOT NULL AND state = 'pending';
CREATE INDEX jobs_of_schedule ON jobs (schedule, id) WHERE schedule IS NOT NULL;
CREATE INDEX jobs_of_schedule_live ON jobs (schedule, id)
    WHERE schedule IS NOT NULL AND state NOT IN ('completed', 'dead', 'cancelled');
CREATE INDEX jobs_processing ON jobs (lease_owner) WHERE state = 'processing';
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, id) WHERE state = 'pending';
CREATE INDEX jobs_scheduled ON jobs (run_at) WHERE state = 'scheduled';

-- Table  pauses
DROP TABLE IF EXISTS pauses;
CREATE TABLE pauses (
    queue TEXT    PRIMARY KEY,
    since INTEGER NOT NULL,
    until INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO pauses VALUES('paused',1774745999250,NULL);

-- Table  queues
DROP TABLE IF EXISTS queues;
CREATE TABLE queues (
    name       TEXT    PRIMARY KEY,
    created_at INTEGER NOT NULL
, max_running INTEGER, defaults TEXT) STRICT, WITHOUT ROWID;
INSERT INTO queues VALUES('default',1774745999250,NULL,NULL);
INSERT INTO queues VALUES('other',1774745999250,NULL,NULL);
INSERT INTO queues VALUES('paused',1774745999250,NULL,NULL);
INSERT INTO queues VALUES('running',1774746003250,NULL,NULL);

-- Table  run_counts
DROP TABLE IF EXISTS run_counts;
CREATE TABLE run_counts (
    minute  INTEGER NOT NULL,  -- since 1970
    outcome TEXT    NOT NULL,
    runs    INTEGER NOT NULL,
    PRIMARY KEY (minute, outcome)
) STRICT, WITHOUT ROWID;
INSERT INTO run_counts VALUES(29579100,'cancelled',1);
INSERT INTO run_counts VALUES(29579100,'completed',1);
INSERT INTO run_counts VALUES(29579100,'failed',2);

-- Table  run_totals
DROP TABLE IF EXISTS run_totals;
CREATE TABLE run_totals (
    queue   TEXT    NOT NULL,
    outcome TEXT    NOT NULL,
    runs    INTEGER NOT NULL,
    took    INTEGER NOT NULL,  -- milliseconds
    PRIMARY KEY (queue, outcome)
) STRICT, WITHOUT ROWID;
INSERT INTO run_totals VALUES('default','cancelled',1,0);
INSERT INTO run_totals VALUES('default','completed',1,0);
INSERT INTO run_totals VALUES('default','failed',2,0);

-- Table  schedules
DROP TABLE IF EXISTS schedules;
CREATE TABLE schedules (
    name       TEXT    PRIMARY KEY,
    rule       TEXT    NOT NULL,  -- cron fields or a duration, with a time zone, as a JSON object
    spec       TEXT    NOT NULL,  -- the job's fields, as a JSON object
    catch_up   TEXT    NOT NULL,  -- skip, once or all
    overlap    TEXT    NOT NULL,  -- skip, queue or cancel-previous
    paused     INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    last_at    INTEGER NOT NULL,  -- the occurrence up to which all is decided
    next_at    INTEGER,           -- none when it will never run again
    last_job   INTEGER,
    missed     INTEGER NOT NULL DEFAULT 0,  -- passed while nothing ran
    skipped    INTEGER NOT NULL DEFAULT 0,  -- left out since the run before had not ended
    problem    TEXT                         -- why the last occurrence could not be enqueued
) STRICT, WITHOUT ROWID;
INSERT INTO schedules VALUES('nightly','{"cron": "0 3 * * *", "timezone": "Europe/Berlin"}','{"command": "true"}','once','skip',0,1774745999250,1774745999250,1774746059250,NULL,0,0,NULL);
-- Triggers and indices on  schedules
CREATE INDEX schedules_due ON schedules (next_at) WHERE NOT paused AND next_at IS NOT NULL;

-- Table  settings
DROP TABLE IF EXISTS settings;
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO settings VALUES('max_retries','5');

-- For primary key autoincrements the next id to use is stored in
-- sqlite_sequence
DELETE FROM main.sqlite_sequence WHERE name='jobs';
INSERT INTO main.sqlite_sequence VALUES ('jobs', 13);

-- Database header
pragma user_version=4;
pragma application_id=1903519093;

COMMIT TRANSACTION;
