-- %% notebook {"title": "Errors", "version": 1}

-- %% markdown
/*
# Errors

Which answers failed, why, and with which model. **error**: the model's side failed or was cut; **timeout**: no token
came for too long, or nobody started it; **interrupted**: this server ended under it. An answer that somebody **stopped**
is no error, and is not counted as one. Days are days in UTC.
*/

-- %% input since {"type": "date", "label": "From", "value": null}

-- %% input until {"type": "date", "label": "Until", "value": null}

-- %% input model {"type": "choice", "label": "Model (empty for all)", "source": "models", "value": null}

-- %% sql by_model
select model, count(*) as answers, count(*) filter (status in ('error', 'timeout', 'interrupted')) as failed,
    round(100 * avg((status in ('error', 'timeout', 'interrupted'))::int), 2) as failed_percent,
    count(*) filter (status = 'error') as error,
    count(*) filter (status = 'timeout') as timeout, count(*) filter (status = 'interrupted') as interrupted,
    count(*) filter (status = 'stopped') as stopped
from answers
where created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    and model = coalesce($model, model)
group by model
order by failed desc, answers desc
;

-- %% sql by_day
select created_at::date as day, status, count(*) as answers
from answers
where status in ('error', 'timeout', 'interrupted') and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by day desc, status
;

-- %% chart errors_by_day {"source": "by_day"}
/*
{
  "mark": {"type": "bar", "tooltip": true, "binSpacing": 0},
  "encoding": {
    "x": {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": null},
    "y": {"field": "answers", "type": "quantitative", "aggregate": "sum", "title": "failed answers"},
    "color": {"field": "status", "type": "nominal"}
  }
}
*/

-- %% markdown
/*
## What was said

Errors of one kind together: numbers and names in quotes are left out, so that “after 30 s” and “after 31 s” are the
same.
*/

-- %% sql by_kind
select regexp_replace(regexp_replace(coalesce(error, ''), '“[^”]*”|"[^"]*"', '“…”', 'g'), '\d+', '0', 'g') as kind,
    status, count(*) as answers, count(distinct model) as models, any_value(model) as a_model,
    min(created_at) as first_seen, max(created_at) as last_seen
from answers
where status in ('error', 'timeout', 'interrupted') and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by answers desc
limit 200
;

-- %% markdown
/*
## The newest

`link` leads to the answer; `characters` is how much of it had been written.
*/

-- %% sql newest
with top as (
    select message_id, length
    from answers
    where status in ('error', 'timeout', 'interrupted') and model = coalesce($model, model)
        and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    order by created_at desc
    limit 50
)
select asked_at, status, error, model, provider, length as characters, left(question, 200) as question,
    '/?conversation=' || conversation_id || '&message=' || answer_id as link
from turns join top on answer_id = message_id
order by asked_at desc
;

-- %% markdown
/*
## Documents that could not be read
*/

-- %% sql documents_that_failed
select created_at, title, filename, media_type, size, error
from documents
where status = 'failed'
order by created_at desc
limit 100
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
