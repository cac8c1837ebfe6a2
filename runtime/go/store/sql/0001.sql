CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE plans (
    hash TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    version TEXT NOT NULL,
    plan TEXT NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    workflow_version TEXT NOT NULL,
    plan_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at INTEGER,
    idempotency_key TEXT,
    foreign_id TEXT,
    priority INTEGER NOT NULL,
    parent TEXT,
    retry_of TEXT,
    info TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX runs_key ON runs (workflow, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX runs_foreign ON runs (foreign_id, id) WHERE foreign_id IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_notable ON runs (status, id) WHERE status <> 'completed';

CREATE TABLE log (
    run_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    changes TEXT NOT NULL,
    history TEXT NOT NULL,
    history_end INTEGER NOT NULL,
    PRIMARY KEY (run_id, version)
) WITHOUT ROWID;

CREATE TABLE outbox (
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER,
    delivery INTEGER NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (run_id, kind, key)
) WITHOUT ROWID;
CREATE INDEX outbox_listeners ON outbox (name) WHERE kind = 'listen';
