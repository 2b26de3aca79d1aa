-- The dashboard: where it is, lists that are quick in whatever order, and runs counted as they end.

ALTER TABLE hosts ADD COLUMN dashboard TEXT;  -- the address of the host's page

-- Jobs by queue and state: newest (the id stands behind the columns), ended last, due next. What runs is few, and has
-- jobs_processing. Only a statement that repeats an index's condition can use it, so none takes over another's plan.
CREATE INDEX jobs_listed ON jobs (queue, state) WHERE state <> 'processing';
CREATE INDEX jobs_ended_of_queue ON jobs (queue, state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_due_of_queue ON jobs (queue, state, run_at) WHERE state IN ('scheduled', 'failed');
DROP INDEX jobs_blocked;  -- it had only lists to serve

CREATE INDEX attempts_ended ON attempts (finished_at) WHERE finished_at IS NOT NULL;

-- How many runs ended in each minute; old minutes are forgotten.
CREATE TABLE run_counts (
    minute  INTEGER NOT NULL,  -- since 1970
    outcome TEXT    NOT NULL,
    runs    INTEGER NOT NULL,
    PRIMARY KEY (minute, outcome)
) STRICT, WITHOUT ROWID;

-- How many runs have ever ended, and what time they took, whether or not their jobs are still there.
CREATE TABLE run_totals (
    queue   TEXT    NOT NULL,
    outcome TEXT    NOT NULL,
    runs    INTEGER NOT NULL,
    took    INTEGER NOT NULL,  -- milliseconds
    PRIMARY KEY (queue, outcome)
) STRICT, WITHOUT ROWID;

INSERT INTO run_counts (minute, outcome, runs)
SELECT finished_at / 60000, outcome, count(*) FROM attempts WHERE finished_at IS NOT NULL AND outcome IS NOT NULL
GROUP BY 1, 2;
INSERT INTO run_totals (queue, outcome, runs, took)
SELECT queue, outcome, count(*), sum(max(0, attempts.finished_at - attempts.started_at))
FROM attempts JOIN jobs ON jobs.id = job_id WHERE attempts.finished_at IS NOT NULL AND outcome IS NOT NULL
GROUP BY 1, 2;
