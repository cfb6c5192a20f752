-- The group and fill of a row as one number, or NULL if one of them is malformed. A file that does
-- not have the column has NULL in it, for the group of the rule and for no fill.
2 * CASE coalesce(group_name, '${rule}')${group_numbers} END
    + CASE coalesce(fill, '0') WHEN '0' THEN 0 WHEN '1' THEN 1 END
