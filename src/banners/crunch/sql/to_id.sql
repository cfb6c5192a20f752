-- The number that is written here as an id: NULL where it is none. An id is above
-- zero besides, which the steps judge.
CASE WHEN matches(text, '${id_pattern}') THEN CAST(text AS BIGINT) END
