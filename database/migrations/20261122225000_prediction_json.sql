-- jsonb sorts the keys of an object; the columns of an answer have an order.
ALTER TABLE prediction ALTER COLUMN request TYPE json, ALTER COLUMN answer TYPE json;
