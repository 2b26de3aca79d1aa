-- Several machines on one queue.

ALTER TABLE hosts ADD COLUMN logs TEXT;  -- where other machines may ask for its logs, with the key for that
ALTER TABLE hosts ADD COLUMN tags TEXT;  -- what its machine is, besides its name, as JSON
ALTER TABLE hosts ADD COLUMN queues TEXT;  -- whose jobs it takes, as JSON; NULL is all

-- The name or tag of the machines where a job may run; '' is any. The claim has an index with it, so that jobs for
-- machines that are away cost the others nothing; lists go on with jobs_ready.
ALTER TABLE jobs ADD COLUMN machine TEXT NOT NULL DEFAULT '';
CREATE INDEX jobs_claimable ON jobs (queue, machine, priority DESC, id) WHERE state = 'pending';
