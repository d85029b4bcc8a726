-- Deleting a dataset looks for the files that were read into it, and for the runs that read them.
CREATE INDEX run_ingest_by_dataset ON run (workspace_id, dataset) WHERE kind = 'ingest';
CREATE INDEX run_backtest_by_dataset ON run (workspace_id, dataset) WHERE kind = 'backtest';
CREATE INDEX upload_by_dataset ON upload (workspace_id, (mapping ->> 'dataset'));
