-- The text as a revenue in millionths, or NULL if it is not written as one. The digits are joined as
-- text, because multiplying decimals of the necessary width is about thirty times as slow.
CASE
    WHEN matches(text, '${revenue_pattern}')
        THEN CAST(
            concat(split_part(text, '.', 1), rpad(split_part(text, '.', 2), 6, '0')) AS BIGINT
        )
END
