-- The quarters that the records of a slot name; usually one.
SELECT quarter FROM views
UNION
SELECT quarter FROM clicks
UNION
SELECT quarter FROM conversions
