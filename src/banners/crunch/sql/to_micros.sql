-- The revenue that is written here, in millionths; NULL where it is none. The digits are put
-- together as text, since decimals of the width that a product would need are some thirty times as
-- slow.
CASE
    WHEN matches(text, '${revenue_pattern}')
        THEN CAST(
            concat(split_part(text, '.', 1), rpad(split_part(text, '.', 2), 6, '0')) AS BIGINT
        )
END
