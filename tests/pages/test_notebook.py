"""The notebook page: the list, cells of every kind, what runs and fails in them, and who may only read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.examples import EXAMPLES
from core.analysis.views import VIEWS
from core.notebook.ready import ready_made
from core.notebook.values import CellKind, CellStatus, NewCell, Notebook
from core.service import Service
from tests.pages.conftest import OpenPage
from tests.pages.support import captions, click, said
from tests.support.server import wait_for

BAR = {
    "mark": "bar",
    "encoding": {"x": {"field": "n", "type": "quantitative"}, "y": {"field": "square", "type": "quantitative"}},
}
CELLS = (
    NewCell(CellKind.MARKDOWN, text="# Squares\n\nUp to **the input**, for $5 ![](https://evil.example/a.png)"),
    NewCell(CellKind.INPUT, "most", settings={"type": "number", "label": "Up to", "value": 3}),
    NewCell(CellKind.SQL, "squares", "select range as n, n * n as square from range($most::int)"),
    NewCell(CellKind.SQL, "total", "select sum(square)::int as total from squares"),
    NewCell(CellKind.CHART, "drawn", json.dumps(BAR), {"source": "squares"}),
)

Make = Callable[..., Notebook]


@pytest.fixture
def make(service: Service) -> Make:
    """A notebook that has run."""

    def make_one(*cells: NewCell) -> Notebook:
        notebook = service.notebooks.create("Squares", cells or CELLS)
        service.notebooks.run(notebook.id)
        settle(service, notebook.id)
        return notebook

    return make_one


def settle(service: Service, notebook_id: str) -> None:
    """Waits until nothing runs."""

    def still() -> bool:
        return not any(state.status.moving for state in service.notebooks.states(notebook_id).values())

    wait_for(still, 60, "it still runs")


def cell(notebook: Notebook, name: str) -> str:
    found = notebook.named(name)
    assert found
    return found.id


def shown(page: AppTest) -> list[list[dict[str, Any]]]:
    """The rows of each table."""
    return [table.value.to_dict("records") for table in page.dataframe]


def charts(page: AppTest) -> list[dict[str, Any]]:
    """The specification of each chart."""
    return [json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart")]


def test_the_list_offers_what_comes_with_the_app(visit: OpenPage, service: Service) -> None:
    """Opening a ready-made notebook makes a copy of one's own, which runs; then that one can be opened again."""
    page = visit("notebook.py")
    assert not page.exception
    titles = [notebook.title for notebook in ready_made()]
    assert [text.value for text in page.markdown if text.value.startswith("**")] == [f"**{t}**" for t in titles]
    page = click(page, "ready-0")
    (own,) = service.notebooks.list()
    settle(service, own.id)
    page.run()
    assert not page.exception
    assert (own.title, page.query_params["notebook"]) == (titles[0], own.id)
    assert CellStatus.FAILED not in {state.status for state in service.notebooks.states(own.id).values()}
    page = click(page, "all-notebooks")
    page = click(page, "mine-0")
    assert page.query_params["notebook"] == own.id
    assert len(service.notebooks.list()) == 1


def test_a_notebook_shows_its_cells_and_their_last_results(visit: OpenPage, make: Make) -> None:
    """Text as it is meant, inputs as what they are, results as tables and charts with what they took."""
    page = visit("notebook.py", notebook=make().id)
    assert not page.exception
    assert page.title[0].value == "Squares"
    assert "Up to **the input**, for \\$5 \\![](https://evil.example/a.png)" in page.markdown[0].value
    assert page.number_input[0].value == 3
    assert shown(page) == [[{"n": n, "square": n * n} for n in range(3)], [{"total": 5}]]
    assert [spec["mark"] for spec in charts(page)] == ["bar"]
    assert "3 rows · " in captions(page)


def test_an_input_runs_what_depends_on_it(visit: OpenPage, make: Make, service: Service) -> None:
    """What is chosen is kept, and the queries, charts and queries of queries that stand on it are new."""
    notebook = make()
    page = visit("notebook.py", notebook=notebook.id)
    page.number_input[0].set_value(4).run()
    settle(service, notebook.id)
    page.run()
    assert shown(page)[1] == [{"total": 14}]
    again = visit("notebook.py", notebook=notebook.id)
    assert again.number_input[0].value == 4
    assert shown(again) == shown(page)


@pytest.mark.parametrize(
    ("kind", "value", "widget", "chosen"),
    [
        ("text", "a", "text_input", "it's"),
        ("date", "2026-01-31", "date_input", date(2026, 2, 28)),
        ("choice", 1, "selectbox", 2),
        ("number", 1.5, "number_input", None),
    ],
)
def test_each_kind_of_input_is_its_widget(
    visit: OpenPage, make: Make, service: Service, kind: str, value: Any, widget: str, chosen: Any
) -> None:
    """What a widget holds is what a query is given, as it is."""
    settings = {"type": kind, "label": "It", "value": value, "choices": [1, 2]}
    notebook = make(NewCell(CellKind.INPUT, "it", settings=settings), NewCell(CellKind.SQL, "q", "select $it as it"))
    page = visit("notebook.py", notebook=notebook.id)
    getattr(page, widget)(key=f"input-{cell(notebook, 'it')}").set_value(chosen).run()
    settle(service, notebook.id)
    page.run()
    assert not page.exception
    assert shown(page)[-1] == [{"it": chosen}]


def test_the_kind_of_an_input_can_be_changed(visit: OpenPage, make: Make, service: Service) -> None:
    """A number becomes a choice of what is written, the first of which is chosen."""
    notebook = make(*CELLS[1:3])
    page, most = visit("notebook.py", notebook=notebook.id), cell(notebook, "most")
    page.selectbox(key=f"type-{most}").set_value("choice").run()
    page.text_area(key=f"choices-{most}").set_value("two\nthree\n").run()
    assert page.selectbox(key=f"input-{most}").options == ["two", "three"]
    assert page.selectbox(key=f"input-{most}").value == "two"
    page.text_input(key=f"name-{most}").set_value("$squares").run()
    assert "“squares” already" in said(page)
    page.text_input(key=f"name-{most}").set_value("$many").run()
    assert "already" not in said(page)
    assert service.notebooks.get(notebook.id).named("many")


def test_a_choice_can_be_of_what_a_query_gives(visit: OpenPage, make: Make, service: Service) -> None:
    """Under its settings one picks the query; what is chosen stays when that gives others, and can be cleared."""
    notebook = make(
        NewCell(CellKind.SQL, "models", "select unnest(['b', 'a']) as model"),
        NewCell(CellKind.INPUT, "model", settings={"type": "choice", "label": "Model", "choices": ["x"]}),
        NewCell(CellKind.SQL, "q", "select $model as model"),
    )
    model = cell(notebook, "model")
    page = visit("notebook.py", notebook=notebook.id)
    page.selectbox(key=f"source-{model}").set_value("models").run()
    assert page.selectbox(key=f"input-{model}").options == ["b", "a"]
    page.selectbox(key=f"input-{model}").set_value("a").run()
    service.notebooks.change_cell(notebook.id, cell(notebook, "models"), text="select 'c' as model")
    settle(service, notebook.id)
    page.run()
    assert page.selectbox(key=f"input-{model}").options == ["a", "c"]
    assert page.selectbox(key=f"input-{model}").value == "a"
    assert shown(page)[-1] == [{"model": "a"}]
    page.selectbox(key=f"input-{model}").set_value(None).run()
    settle(service, notebook.id)
    page.run()
    assert not page.exception
    assert page.selectbox(key=f"input-{model}").options == ["c"]
    assert shown(page)[-1] == [{"model": None}]


def test_the_address_says_whether_a_notebook_is_edited(visit: OpenPage, make: Make) -> None:
    """So that a reload, and whoever is given the address, sees what it showed; ready-made ones are read first."""
    notebook = make()
    page = visit("notebook.py", notebook=notebook.id, edit="no")
    assert not [box for box in page.selectbox if (box.key or "").startswith("mark-")]
    page.toggle(key=f"edit-{notebook.id}").set_value(True).run()
    assert "edit" not in page.query_params
    assert [box for box in page.selectbox if (box.key or "").startswith("mark-")]
    page.toggle(key=f"edit-{notebook.id}").set_value(False).run()
    assert page.query_params["edit"] == "no"
    read = click(visit("notebook.py"), "ready-0")
    assert read.query_params["edit"] == "no"


def test_errors_are_said_at_their_cells(visit: OpenPage, make: Make) -> None:
    """A query that fails, what waits for it, and each cell of a circle say so; what needs none of them goes on."""
    page = visit(
        "notebook.py",
        notebook=make(
            NewCell(CellKind.SQL, "wrong", "select nope from turns"),
            NewCell(CellKind.SQL, "waits", "from wrong"),
            NewCell(CellKind.SQL, "here", "from there"),
            NewCell(CellKind.SQL, "there", "from here"),
            NewCell(CellKind.SQL, "fine", "select 1 as one"),
            NewCell(CellKind.SQL, "typed_wrong", "selec `1`"),
        ).id,
    )
    assert not page.exception
    errors = [box.value for box in page.error]
    assert len(errors) == 5
    assert "nope" in errors[0]
    assert "Candidate bindings" in errors[0]
    assert "wrong" in errors[1]
    assert "here" in errors[2] and "there" in errors[2]
    assert "````text\nLINE 1: selec `1`\n" in errors[4]
    assert shown(page) == [[{"one": 1}]]


def test_large_results_page_and_sort_over_the_whole(visit: OpenPage, make: Make, service: Service) -> None:
    """The first page is not all there is, and the largest value stands on the first page when it is asked for."""
    notebook = make(NewCell(CellKind.SQL, "many", "select range as n, -range as m from range(1234)"))
    page = visit("notebook.py", notebook=notebook.id)
    assert "1,234 rows" in captions(page)
    assert [row["n"] for row in shown(page)[0]] == list(range(100))
    state = service.notebooks.states(notebook.id)[cell(notebook, "many")]
    place = f"{cell(notebook, 'many')}-{state.ran_at}"
    page.session_state[f"page-{place}"] = 13
    page.run()
    assert [row["n"] for row in shown(page)[0]] == list(range(1200, 1234))
    page.session_state[f"sort-{place}"] = ("n", True)
    page.session_state[f"page-{place}"] = 1
    page.run()
    assert shown(page)[0][0] == {"n": 1233, "m": -1233}
    assert not page.exception


def test_picking_columns_draws_a_chart(visit: OpenPage, make: Make, service: Service) -> None:
    """A new chart draws the query above it; each pick changes the specification and leaves the rest of it."""
    notebook = make(*CELLS[1:4])
    page = click(visit("notebook.py", notebook=notebook.id), "add-chart")
    assert charts(page)[-1]["mark"]["type"] == "bar"
    drawn = service.notebooks.get(notebook.id).cells[-1]
    assert drawn.settings["source"] == "total"
    for pick, value in (("source", "squares"), ("mark", "point"), ("y", "square")):
        next(box for box in page.selectbox if (box.key or "").startswith(f"{pick}-{drawn.id}")).set_value(value).run()
    spec = charts(page)[-1]
    assert not page.exception
    assert spec["mark"]["type"] == "point"
    assert [spec["encoding"][channel]["field"] for channel in ("x", "y")] == ["n", "square"]
    assert json.loads(service.notebooks.get(notebook.id).cells[-1].text)["mark"]["type"] == "point"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"mark": "bar",', "not JSON yet"),
        (json.dumps(BAR | {"data": {"url": "https://evil.example"}}), "At data: a chart is drawn from the rows"),
        (json.dumps(BAR).replace("square", "cube"), "no column “cube” now"),
    ],
)
def test_a_specification_that_cannot_be_drawn_says_why(
    visit: OpenPage, make: Make, service: Service, text: str, sentence: str
) -> None:
    """Where the chart would be stands what is wrong with it."""
    notebook = make()
    service.notebooks.change_cell(notebook.id, cell(notebook, "drawn"), text=text)
    page = visit("notebook.py", notebook=notebook.id)
    assert not page.exception
    assert not charts(page)
    assert sentence in said(page).replace("\\", "")


def test_text_is_edited_in_its_place(visit: OpenPage, make: Make, service: Service) -> None:
    """The pencil opens the editor; what is written is kept at once and reads as it is meant when it is done."""
    notebook = make()
    page = click(visit("notebook.py", notebook=notebook.id), "edit-")
    page.text_area[0].set_value("Now *this*").run()
    assert service.notebooks.get(notebook.id).cells[0].text == "Now *this*"
    page = click(page, "done-")
    assert "Now *this*" in [text.value for text in page.markdown]


def test_notebooks_are_made_renamed_copied_and_deleted(visit: OpenPage, service: Service) -> None:
    """Each of these is one click, and what was deleted last can be put back."""
    page = click(visit("notebook.py"), "New notebook")
    assert "This notebook is empty" in said(page)
    page = click(page, "add-sql")
    page.text_input(key=f"title-{page.query_params['notebook']}").set_value("Mine")
    page = click(page, "Rename")
    assert page.title[0].value == "Mine"
    page = click(page, "copy-notebook")
    assert sorted(one.title for one in service.notebooks.list()) == ["Mine", "Mine (copy)"]
    page = click(page, "delete-notebook")
    assert [one.title for one in service.notebooks.list()] == ["Mine"]
    page = click(page, "undo-notebook")
    assert sorted((one.title, one.cells) for one in service.notebooks.list()) == [("Mine", 1), ("Mine (copy)", 1)]


def test_a_notebook_that_is_gone_says_so(visit: OpenPage) -> None:
    """A dead address leads back to the list."""
    page = visit("notebook.py", notebook="nothing")
    assert "This notebook is not here" in said(page)
    assert page.title[0].value == "Notebook"
    assert click(page, "All notebooks").title[0].value == "Notebooks"


def test_a_shared_notebook_shows_its_results_and_changes_nothing(visit: OpenPage, make: Make, service: Service) -> None:
    """Who has a link sees text, values, tables and charts, and no way to run, edit or take them."""
    share = service.sharing.share("notebook", make().id, None)
    page = visit("shared.py", token=share.token)
    assert not page.exception
    assert shown(page)[-1] == [{"total": 5}]
    assert [spec["mark"] for spec in charts(page)] == ["bar"]
    assert "Up to: **3**" in [text.value for text in page.markdown]
    assert not page.number_input
    assert not page.text_area
    assert not [button for button in page.button if (button.key or "").startswith(("run", "edit", "add"))]


def test_the_reference_knows_every_view(visit: OpenPage, make: Make, service: Service) -> None:
    """Each view has its columns and one line of SQL that runs; searching finds tables and columns by what they hold."""
    assert set(EXAMPLES) == {view.name for view in VIEWS}
    for example in EXAMPLES.values():
        service.sandbox.run(example)
    page = visit("notebook.py", notebook=make().id)
    assert [code.value for code in page.code] == [EXAMPLES[view.name] for view in VIEWS]
    page.text_input(key="reference-words").set_value("first token").run()
    assert [code.value for code in page.code] == [EXAMPLES["turns"], EXAMPLES["answers"]]
    page.text_input(key="reference-words").set_value("zebra").run()
    assert "No table and no column" in captions(page)
