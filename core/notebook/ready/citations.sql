-- %% notebook {"title": "Most cited passages", "version": 1}

-- %% markdown
/*
# Most cited passages

What answers stand on. A passage is **found** when a search gave it to the model, and **cited** when its mark stands in
the answer. Passages count as they stood then; a document that was replaced or removed since is still listed. Dates are
those on which answers ended, in UTC.
*/

-- %% input since {"type": "date", "label": "From", "value": null}

-- %% input until {"type": "date", "label": "Until", "value": null}

-- %% sql documents_by_citations
select document_id, any_value(title) as title, count(*) filter (cited) as cited, count(*) as found,
    round(100 * avg(cited::int), 1) as cited_percent, count(distinct message_id) filter (cited) as answers,
    max(completed_at) filter (cited) as last_cited
from citations
where completed_at >= coalesce($since::date, '-infinity') and completed_at < coalesce($until::date + 1, 'infinity')
group by document_id
order by cited desc, found desc
limit 100
;

-- %% chart most_cited_documents {"source": "documents_by_citations"}
/*
{
  "transform": [
    {"window": [{"op": "row_number", "as": "place"}], "sort": [{"field": "cited", "order": "descending"}]},
    {"filter": "datum.place <= 15"}
  ],
  "mark": {"type": "bar", "tooltip": true},
  "encoding": {
    "x": {"field": "cited", "type": "quantitative", "title": "times cited"},
    "y": {"field": "title", "type": "nominal", "sort": "-x", "title": null}
  }
}
*/

-- %% markdown
/*
## Passages

The text of each is as it stood when it was cited last; `link` leads to that answer.
*/

-- %% sql passages_by_citations
with top as (
    select passage_id, count(*) as cited, max((message_id, mark)) as newest
    from citations
    where cited and completed_at >= coalesce($since::date, '-infinity')
        and completed_at < coalesce($until::date + 1, 'infinity')
    group by passage_id
    order by cited desc, passage_id
    limit 50
)
select top.cited, title, page, heading, left(quote, 500) as quote,
    '/?conversation=' || conversation_id || '&message=' || message_id as link
from citations join top on message_id = newest[1] and mark = newest[2]
order by top.cited desc, title
;

-- %% markdown
/*
## Does the best rank get cited?

If passages far down are cited as often as the first ones, the search ranks them badly, or the model is given too few.
*/

-- %% sql by_rank
select rank, count(*) as found, count(*) filter (cited) as cited, round(100 * avg(cited::int), 1) as cited_percent
from citations
where completed_at >= coalesce($since::date, '-infinity') and completed_at < coalesce($until::date + 1, 'infinity')
group by rank
order by rank
;

-- %% chart cited_by_rank {"source": "by_rank"}
/*
{
  "mark": {"type": "bar", "tooltip": true},
  "encoding": {
    "x": {"field": "rank", "type": "ordinal", "title": "rank in the search, 1 the best"},
    "y": {"field": "cited_percent", "type": "quantitative", "title": "cited, % of those found"}
  }
}
*/

-- %% markdown
/*
## Documents that no answer has cited

They are searched, and nobody needs them; or nobody finds them.
*/

-- %% sql documents_never_cited
select title, filename, passages, created_at as added_at
from documents
where status = 'ready' and document_id not in (select document_id from citations where cited)
order by added_at
limit 200
;
