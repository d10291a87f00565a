-- %% notebook {"title": "Time to first token and speed", "version": 1}

-- %% markdown
/*
# Time to first token and speed

How long people wait, and how fast answers are written. **Time to first token** is from the start of an answer, with the
search of the documents, to the first word of it. **Speed** is tokens a second from that word on. Only answers that were
written to their end count.

p50 is what half of the answers stay under, p95 what 95 of 100 do. For speed it is the slow end that hurts: 95 of 100
answers are faster than `speed_p5`. Days and hours are in UTC.
*/

-- %% input since {"type": "date", "label": "From", "value": null}

-- %% input until {"type": "date", "label": "Until", "value": null}

-- %% input model {"type": "choice", "label": "Model (empty for all)", "source": "models", "value": null}

-- %% sql by_model
select model, count(*) as answers,
    round(quantile_cont(first_token_ms, 0.5))::bigint as first_token_p50_ms,
    round(quantile_cont(first_token_ms, 0.95))::bigint as first_token_p95_ms,
    round(quantile_cont(duration_ms, 0.5) / 1000, 1) as whole_answer_p50_s,
    round(quantile_cont(tokens_per_second, 0.5), 1) as speed_p50,
    round(quantile_cont(tokens_per_second, 0.05), 1) as speed_p5
from answers
where status = 'done' and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by model
order by answers desc
;

-- %% sql by_day
select created_at::date as day, count(*) as answers,
    round(quantile_cont(first_token_ms, 0.5))::bigint as first_token_p50_ms,
    round(quantile_cont(first_token_ms, 0.95))::bigint as first_token_p95_ms,
    round(quantile_cont(tokens_per_second, 0.5), 1) as speed_p50
from answers
where status = 'done' and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by day desc
;

-- %% chart first_token_by_day {"source": "by_day"}
/*
{
  "transform": [{"fold": ["first_token_p50_ms", "first_token_p95_ms"], "as": ["of", "ms"]}],
  "mark": {"type": "line", "point": true, "tooltip": true},
  "encoding": {
    "x": {"field": "day", "type": "temporal", "scale": {"type": "utc"}, "title": null},
    "y": {"field": "ms", "type": "quantitative", "title": "ms to the first token"},
    "color": {"field": "of", "type": "nominal", "title": null}
  }
}
*/

-- %% markdown
/*
## Through the day

When it is slow: the hours at which answers were asked for, all days together.
*/

-- %% sql by_hour
select hour(created_at) as hour, model, count(*) as answers,
    round(quantile_cont(first_token_ms, 0.5))::bigint as first_token_p50_ms,
    round(quantile_cont(first_token_ms, 0.95))::bigint as first_token_p95_ms,
    round(quantile_cont(tokens_per_second, 0.5), 1) as speed_p50
from answers
where status = 'done' and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by hour, answers desc
;

-- %% chart first_token_by_hour {"source": "by_hour"}
/*
{
  "mark": {"type": "line", "point": true, "tooltip": true},
  "encoding": {
    "x": {"field": "hour", "type": "quantitative", "title": "hour (UTC)", "scale": {"domain": [0, 23]}},
    "y": {"field": "first_token_p95_ms", "type": "quantitative", "title": "ms to the first token, p95"},
    "color": {"field": "model", "type": "nominal"}
  }
}
*/

-- %% markdown
/*
## Where the time goes before the first token

What the search of the documents takes of it, on average: making the question stand alone, waiting for documents or the
embedding model, embedding the question, searching by words and by meaning, ranking anew.
*/

-- %% sql search_by_step
with steps as (
    unpivot (
        select avg(rewrite_ms) as rewrite, avg(wait_ms) as wait, avg(embed_ms) as embed, avg(lexical_ms) as words,
            avg(semantic_ms) as meaning, avg(rerank_ms) as rank_anew
        from retrievals
        where created_at >= coalesce($since::date, '-infinity')
            and created_at < coalesce($until::date + 1, 'infinity')
    )
    on rewrite, wait, embed, words, meaning, rank_anew into name step value average
)
select step, round(average, 1) as average_ms from steps
;

-- %% chart search_steps {"source": "search_by_step"}
/*
{
  "mark": {"type": "bar", "tooltip": true},
  "encoding": {
    "x": {"field": "average_ms", "type": "quantitative", "title": "ms on average"},
    "y": {"field": "step", "type": "nominal", "sort": null, "title": null}
  }
}
*/

-- %% markdown
/*
## The longest waits

`link` leads to the answer.
*/

-- %% sql slowest
with top as (
    select message_id
    from answers
    where status = 'done' and model = coalesce($model, model)
        and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    order by first_token_ms desc nulls last
    limit 20
)
select first_token_ms, duration_ms, tokens_per_second, model, left(question, 200) as question, asked_at,
    '/?conversation=' || conversation_id || '&message=' || answer_id as link
from turns semi join top on answer_id = message_id
order by first_token_ms desc nulls last
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
