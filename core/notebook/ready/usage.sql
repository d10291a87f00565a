-- %% notebook {"title": "Usage and cost", "version": 1}

-- %% markdown
/*
# Usage and cost

What was asked of which model, day by day, and what it cost. Days are days in UTC; an answer belongs to the day on which
it was asked for. Leave a date empty to begin with the first answer, or to end with the newest.

**Cost** is what the provider has billed, in US dollars, as far as it is known: models on your own machine have none,
and some providers tell none. `without_cost` counts the answers that no cost is known of.
*/

-- %% input since {"type": "date", "label": "From", "value": null}

-- %% input until {"type": "date", "label": "Until", "value": null}

-- %% input model {"type": "choice", "label": "Model (empty for all)", "source": "models", "value": null}

-- %% sql totals
select count(*) as answers, count(distinct conversation_id) as conversations, count(distinct model) as models,
    sum(prompt_tokens)::bigint as prompt_tokens, sum(completion_tokens)::bigint as completion_tokens,
    sum(cached_tokens)::bigint as cached_tokens, round(sum(cost), 4) as cost,
    count(*) filter (cost is null) as without_cost
from answers
where created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    and model = coalesce($model, model)
;

-- %% sql by_model
select model, count(*) as answers, sum(prompt_tokens)::bigint as prompt_tokens,
    sum(completion_tokens)::bigint as completion_tokens,
    round(avg(completion_tokens))::bigint as tokens_an_answer, round(sum(cost), 4) as cost,
    round(1000 * avg(cost), 4) as cost_of_1000_answers, count(*) filter (cost is null) as without_cost
from answers
where created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    and model = coalesce($model, model)
group by model
order by cost desc nulls last, answers desc
;

-- %% markdown
/*
## Day by day

The seven models with the most answers each have a colour; all others share one.
*/

-- %% sql by_day
with models as (
    select model, row_number() over (order by sum(answers) desc, model) as place
    from tokens_by_day
    where day >= coalesce($since::date, '-infinity') and day <= coalesce($until::date, 'infinity')
        and model = coalesce($model, model)
    group by model
)
select day, case when place <= 7 then model else 'others' end as model, sum(answers)::bigint as answers,
    sum(prompt_tokens)::bigint as prompt_tokens, sum(completion_tokens)::bigint as completion_tokens,
    round(sum(cost), 4) as cost
from tokens_by_day join models using (model)
where day >= coalesce($since::date, '-infinity') and day <= coalesce($until::date, 'infinity')
group by all
order by day desc, model
;

-- %% chart answers_by_day {"source": "by_day"}
/*
{
  "mark": {"type": "bar", "tooltip": true, "binSpacing": 0},
  "encoding": {
    "x": {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": null},
    "y": {"field": "answers", "type": "quantitative", "aggregate": "sum", "title": "answers"},
    "color": {"field": "model", "type": "nominal"}
  }
}
*/

-- %% chart cost_by_day {"source": "by_day"}
/*
{
  "transform": [{"filter": {"field": "cost", "valid": true}}],
  "mark": {"type": "bar", "tooltip": true, "binSpacing": 0},
  "encoding": {
    "x": {"field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": null},
    "y": {"field": "cost", "type": "quantitative", "aggregate": "sum", "title": "US dollars"},
    "color": {"field": "model", "type": "nominal"}
  }
}
*/

-- %% markdown
/*
## The dearest answers

`link` leads to the answer.
*/

-- %% sql dearest
with top as (
    select message_id
    from answers
    where created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
        and model = coalesce($model, model) and cost > 0
    order by cost desc
    limit 20
)
select round(cost, 6) as cost, model, prompt_tokens, completion_tokens, left(question, 200) as question, asked_at,
    '/?conversation=' || conversation_id || '&message=' || answer_id as link
from turns semi join top on answer_id = message_id
order by cost desc
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
