-- %% notebook {"title": "Answers with weak support", "version": 1}

-- %% markdown
/*
# Answers with weak support

Where answers say what their sources do not. **Support** is how near a sentence is to the passage that it cites, as the
cosine of their embeddings: about 0.7 and more says the same in other words, under 0.3 is mostly about something else.
It is a hint to read, not a verdict: look at sentence and passage yourself.

An answer is **unsupported** when documents were searched for it and it cites none of them. Dates are those on which
answers were asked for, in UTC.
*/

-- %% input since {"type": "date", "label": "From", "value": null}

-- %% input until {"type": "date", "label": "Until", "value": null}

-- %% input model {"type": "choice", "label": "Model (empty for all)", "source": "models", "value": null}

-- %% input weak {"type": "number", "label": "Weak is a support under", "value": 0.3}

-- %% sql by_model
with weakest as (select message_id, min(score) as support from supports group by message_id)
select model, count(*) as searched, count(*) filter (unsupported) as unsupported,
    round(100 * avg(unsupported::int), 1) as unsupported_percent,
    count(*) filter (support < $weak) as weak, round(100 * avg((support < $weak)::int), 1) as weak_percent,
    round(median(support), 3) as median_of_weakest
from answers left join weakest using (message_id)
where searched and status = 'done' and model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by model
order by searched desc
;

-- %% sql support_of_sentences
select floor(score * 20) / 20 as support, count(*) as sentences
from supports join answers using (message_id)
where model = coalesce($model, model)
    and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
group by all
order by support
;

-- %% chart how_well_sentences_are_supported {"source": "support_of_sentences"}
/*
{
  "mark": {"type": "bar", "tooltip": true},
  "encoding": {
    "x": {"field": "support", "type": "quantitative", "bin": {"binned": true, "step": 0.05}, "title": "support"},
    "y": {"field": "sentences", "type": "quantitative", "title": "sentences"}
  }
}
*/

-- %% markdown
/*
## The weakest sentences

The sentence as it stands in the answer, and the passage that it cites; `link` leads to the answer.
*/

-- %% sql weakest_sentences
with top as (
    select s.message_id, s.mark, s.start_char, s.end_char, s.score
    from supports s join answers a using (message_id)
    where a.model = coalesce($model, a.model) and a.status = 'done' and s.score < $weak
        and a.created_at >= coalesce($since::date, '-infinity')
        and a.created_at < coalesce($until::date + 1, 'infinity')
    order by s.score, s.message_id
    limit 40
)
select round(top.score, 3) as support, substring(text, start_char + 1, end_char - start_char) as sentence,
    left(quote, 500) as passage, title, model,
    '/?conversation=' || answers.conversation_id || '&message=' || message_id as link
from top join answers using (message_id) join citations using (message_id, mark)
order by top.score
;

-- %% markdown
/*
## The newest unsupported answers

Documents were searched for them, and no mark stands in them. Look whether the answer is missing from your documents, or
was not found in them.
*/

-- %% sql newest_unsupported
with top as (
    select message_id
    from answers
    where unsupported and status = 'done' and model = coalesce($model, model)
        and created_at >= coalesce($since::date, '-infinity') and created_at < coalesce($until::date + 1, 'infinity')
    order by created_at desc
    limit 50
)
select asked_at, model, left(question, 200) as question, left(answer, 300) as answer,
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
