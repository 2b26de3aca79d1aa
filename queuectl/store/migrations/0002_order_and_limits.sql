-- Limits, mutexes, kinds of dependencies, schedules, progress.

ALTER TABLE jobs ADD COLUMN slots INTEGER NOT NULL DEFAULT 1;  -- workers' room that it takes
ALTER TABLE jobs ADD COLUMN mutex TEXT;
ALTER TABLE jobs ADD COLUMN note TEXT;
ALTER TABLE jobs ADD COLUMN schedule TEXT;                     -- which one it is an occurrence of
ALTER TABLE jobs ADD COLUMN options TEXT;                      -- what few jobs have, as a JSON object
ALTER TABLE jobs ADD COLUMN progress REAL;                     -- from 0 to 1
ALTER TABLE jobs ADD COLUMN progress_text TEXT;

-- Of the jobs with one mutex, at most one a queue is pending, and none while one is processing; the others are blocked.
CREATE INDEX jobs_mutex ON jobs (mutex, queue, priority DESC, id)
    WHERE mutex IS NOT NULL AND state IN ('pending', 'blocked');
CREATE INDEX jobs_mutex_ready ON jobs (mutex) WHERE mutex IS NOT NULL AND state = 'pending';
CREATE UNIQUE INDEX jobs_mutex_held ON jobs (mutex) WHERE mutex IS NOT NULL AND state = 'processing';
CREATE INDEX jobs_of_schedule ON jobs (schedule, id) WHERE schedule IS NOT NULL;
CREATE INDEX jobs_of_schedule_live ON jobs (schedule, id)
    WHERE schedule IS NOT NULL AND state NOT IN ('completed', 'dead', 'cancelled');

-- A dependency stays when it is met, so that the graph can be shown.
ALTER TABLE dependencies ADD COLUMN kind TEXT NOT NULL DEFAULT 'completed';  -- completed, ended or failed
ALTER TABLE dependencies ADD COLUMN met INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dependencies ADD COLUMN if_dead TEXT NOT NULL DEFAULT 'cancel';  -- or wait

ALTER TABLE queues ADD COLUMN max_running INTEGER;  -- how many of its jobs may run at once
ALTER TABLE queues ADD COLUMN defaults TEXT;        -- fields for jobs that leave them out, as a JSON object

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
CREATE INDEX schedules_due ON schedules (next_at) WHERE NOT paused AND next_at IS NOT NULL;
