-- A bound that is not known, a width that is borrowed, a covariate that a series lacks: whoever reads the forecast is told.
ALTER TABLE forecast ADD COLUMN notes json;
COMMENT ON COLUMN forecast.notes IS 'List of code and detail; NULL where there is nothing to say';
