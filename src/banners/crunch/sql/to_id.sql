-- The text as an id, or NULL if it is not written as one. The steps check that it is above zero.
CASE WHEN matches(text, '${id_pattern}') THEN CAST(text AS BIGINT) END
