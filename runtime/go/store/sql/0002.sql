-- The log in the order in which it was written: its rows are too large for a table
-- without row ids, and rows of many runs that are written together share pages.
ALTER TABLE log RENAME TO log_1;
CREATE TABLE log (
    run_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    changes TEXT NOT NULL,
    history TEXT NOT NULL,
    history_end INTEGER NOT NULL
);
INSERT INTO log SELECT * FROM log_1 ORDER BY run_id, version;
DROP TABLE log_1;
CREATE UNIQUE INDEX log_run ON log (run_id, version);
