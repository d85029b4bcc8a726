-- What a request under an idempotency key has made is written down with it, so that a repetition finds it although the answer was lost.
-- The holder tells a request that was given up, and goes on all the same, from the one that has taken its place.
ALTER TABLE idempotency_key ADD COLUMN holder uuid, ADD COLUMN run_id uuid;
