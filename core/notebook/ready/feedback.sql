-- %% notebook {"title": "Feedback", "version": 1}

-- %% markdown
/*
# Feedback

What people thought of the answers. Only the newest thumb of an answer counts, and few answers get one: look at how many
there are before you compare. Dates are those on which answers were asked for, in UTC.
*/

-- %% input since {"type": "date", "label": "From", "value": null}

-- %% input until {"type": "date", "label": "Until", "value": null}

-- %% input model {"type": "choice", "label": "Model (empty for all)", "source": "models", "value": null}

-- %% sql by_model
select model, count(*) as answers, count(rating) as rated, count(*) filter (rating = 1) as up,
    count(*) filter (rating = -1) as down, round(100 * avg((rating = 1)::int), 1) as up_percent,
    round(100 * avg((rating is not null)::int), 1) as rated_percent
from answers
where created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    and model = coalesce($model, model)
group by model
having count(rating) > 0
order by rated desc
;

-- %% chart thumbs_by_model {"source": "by_model"}
/*
{
  "transform": [{"fold": ["up", "down"], "as": ["thumb", "count"]}],
  "mark": {"type": "bar", "tooltip": true},
  "encoding": {
    "x": {"field": "count", "type": "quantitative", "title": "answers"},
    "y": {"field": "model", "type": "nominal", "sort": null, "title": null},
    "color": {
      "field": "thumb",
      "type": "nominal",
      "scale": {"domain": ["up", "down"], "range": ["#3a9d5d", "#d1495b"]},
      "title": null
    }
  }
}
*/

-- %% sql by_day
select created_at::date as day, count(*) filter (rating = 1) as up, count(*) filter (rating = -1) as down
from answers
where rating is not null and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by day desc
;

-- %% chart thumbs_by_day {"source": "by_day"}
/*
{
  "transform": [{"fold": ["up", "down"], "as": ["thumb", "count"]}],
  "mark": {"type": "bar", "tooltip": true, "binSpacing": 0},
  "encoding": {
    "x": {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": null},
    "y": {"field": "count", "type": "quantitative", "aggregate": "sum", "title": "answers"},
    "color": {
      "field": "thumb",
      "type": "nominal",
      "scale": {"domain": ["up", "down"], "range": ["#3a9d5d", "#d1495b"]},
      "title": null
    }
  }
}
*/

-- %% markdown
/*
## What goes with a good thumb

Rated answers apart: those with marks from documents, those that were to have some and have none, and those without
documents.
*/

-- %% sql by_support
select
    case when unsupported then 'unsupported' when len(marks) > 0 then 'cites its sources' else 'without documents' end
    as kind, count(*) as rated, count(*) filter (rating = 1) as up, count(*) filter (rating = -1) as down,
    round(100 * avg((rating = 1)::int), 1) as up_percent, round(median(first_token_ms))::bigint as first_token_p50_ms,
    round(median(length))::bigint as characters_p50
from answers
where rating is not null and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by rated desc
;

-- %% markdown
/*
## What people wrote

The newest comments, and the newest thumbs down; `link` leads to the answer.
*/

-- %% sql newest_comments
with top as (
    select message_id, comment
    from answers
    where trim(coalesce(comment, '')) <> '' and model = coalesce($model, model)
        and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    order by created_at desc
    limit 50
)
select asked_at, rating, comment, model, left(question, 200) as question,
    '/?conversation=' || conversation_id || '&message=' || answer_id as link
from turns join top on answer_id = message_id
order by asked_at desc
;

-- %% sql newest_thumbs_down
with top as (
    select message_id
    from answers
    where rating = -1 and model = coalesce($model, model)
        and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    order by created_at desc
    limit 50
)
select asked_at, status, model, left(question, 200) as question, left(answer, 300) as answer,
    '/?conversation=' || conversation_id || '&message=' || answer_id as link
from turns semi join top on answer_id = message_id
order by asked_at desc
;

-- %% markdown
/*
## The models

What there is to choose from above.
*/

-- %% sql models
select model, count(*) as answers, max(created_at) as last_asked
from answers
where model is not null
group by model
order by answers desc, model
;
