"""Queries that would take more time or memory than there is."""

from __future__ import annotations

HEAVY = {
    "cross join": "select count(*) from range(1000000) a, range(1000000) b where a.range + b.range = 7",
    "range": "select count(*) from range(1000000000000) where range % 7 = 8",
    "rows for ever": "with recursive t as (select 1 as x union all select x + 1 from t) select count(*) from t",
    "growing text": "with recursive t as (select 'x' as x union all select x || x from t) select max(length(x)) from t",
    "repeat": "select length(repeat('x', 4000000000))",
    "pad": "select lpad('x', 2000000000, 'y')",
    "long cell": "select repeat('x', 1000000000)",
    "list": "select list(range) from range(1000000000)",
    "string_agg": "select string_agg(repeat('x', 1000000), '') from range(100000)",
    "histogram": "select histogram(range) from range(500000000)",
    "sort": "select * from (select unnest(range(100000000)) as x) order by random()",
    "distinct": "select count(distinct range::varchar || 'x') from range(200000000)",
    "window": "select max(s) from (select sum(range) over (order by random()) as s from range(100000000))",
    "levenshtein": "select levenshtein(repeat('ab', 200000), repeat('ba', 200000))",
    "regexp": "select count(*) from range(100000000) where regexp_matches(repeat('a', 10000), '((a?){50}){50}b')",
    "list_sort": "select list_sort(range(3000000000))",
    "flatten": "select flatten(list_transform(range(100000), lambda x: range(100000)))",
    "lambda": "select list_reduce(range(100000000), lambda a, b: a + b * a)",
    "generate": "select length(array_to_string(range(1000000000), ','))",
    "format": "select format('{:>2000000000}', 'x')",
    "printf": "select printf('%2000000000d', 1)",
    "json": "select json_array_length(to_json(range(200000000)))",
    "bits": "select bitstring('1', 4000000000)",
}
