"""The choice of the model, with its price."""

from __future__ import annotations

import streamlit as st

from core.models import Model
from pages._common import session


def pick_model() -> None:
    """A list of what can answer, below the input."""
    models = {model.id: model for model in session.service().models()}
    chosen = session.chosen_model()
    models.setdefault(chosen, Model(chosen, chosen))
    picked = st.selectbox(
        "Model",
        list(models),
        index=list(models).index(chosen),
        format_func=lambda model_id: label(models[model_id]),
        label_visibility="collapsed",
        key="model-picker",
        width=400,
    )
    if picked:
        session.choose_model(picked)


def label(model: Model) -> str:
    """A model's name and what it asks for a million tokens."""
    if model.prompt_price is None or model.completion_price is None:
        return model.name
    if model.prompt_price == model.completion_price == 0:
        return f"{model.name} · free"
    price_in, price_out = model.prompt_price * 1e6, model.completion_price * 1e6
    return f"{model.name} · ${price_in:,.2f} in, ${price_out:,.2f} out per M tokens"
