"""A form from the declared fields of TrainingConfig: one widget per domain, nothing by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from digitlab.config import TrainingConfig
from digitlab.datasets import available
from digitlab.domains import (
    Choice,
    Flag,
    Hyperparameter,
    Integer,
    Items,
    Real,
    Rows,
    Text,
    declared,
)
from digitlab.errors import InputError
from digitlab.presets import PRESETS, Preset
from pages.ui.dataset_picker import pick_given, title_of
from pages.ui.frame import page_of, without_links
from pages.ui.history import bring_into_sight
from pages.ui.train.shown import put_aside

PARAMETERS = declared(TrainingConfig)
GROUPS = tuple(dict.fromkeys(parameter.group for parameter in PARAMETERS))
VALUES = "train_values"
VERSION = "train_version"
PRESET = "train_preset"
FORK = "train_fork"
"""The run and the epoch that the form's training goes on from, if it is to."""


def pick_preset() -> Preset:
    """The preset picker; a new choice fills the whole form. An unknown one in the URL is named.

    Who chooses none gets the first one: a training of seconds, which needs no download.
    """
    keys = list(PRESETS)
    asked = st.query_params.get(PRESET)
    if asked is not None and asked not in PRESETS:
        st.warning(
            f"There is no preset {without_links(repr(asked))}; the form starts from {keys[0]} "
            "instead.",
            icon=":material/search_off:",
        )
    key = st.selectbox(
        "Start from",
        keys,
        key=PRESET,
        on_change=_reset,
        help="A published tutorial, or a recipe of ours. Everything in it can be changed below.",
        bind="query-params",
    )
    preset = PRESETS[key if key in PRESETS else keys[0]]
    if VALUES not in st.session_state:
        _reset()
    return preset


def start_values(preset: Preset) -> dict[str, Any]:
    """A preset's fields; its dataset gives way to one that is here."""
    values = {p.name: getattr(preset.config, p.name) for p in PARAMETERS}
    if values["dataset"] not in available():
        values["dataset"] = available()[0]
    return values


def fill(config: TrainingConfig, preset: str | None) -> None:
    """Puts a config into the form from the next rerun on, as changes of the preset it came from,
    and scrolls to the form.

    Its training will begin with its first epoch. To be called where the form has not been drawn
    yet, or by a fragment.
    """
    st.session_state.pop(FORK, None)
    if preset in PRESETS:
        st.session_state[PRESET] = preset
    st.session_state[VALUES] = {p.name: getattr(config, p.name) for p in PARAMETERS}
    st.session_state[VERSION] = st.session_state.get(VERSION, 0) + 1
    bring_into_sight(PRESET)


def open_filled(config: TrainingConfig, preset: str | None) -> None:
    """Goes to the Train page with a config in the form, and no run above it; see `fill`."""
    put_aside()
    fill(config, preset)
    # Without the empty mapping it refuses to leave parameters that are bound to widgets.
    st.switch_page(page_of("train"), query_params={})


def training_form() -> TrainingConfig:
    """The tabs of the form.

    Raises:
        InputError: for values that do not go together.
    """
    values = {p.name: _current(p) for p in PARAMETERS}
    for group, tab in zip(GROUPS, st.tabs(list(GROUPS)), strict=True):
        with tab:
            _fields([p for p in PARAMETERS if p.group == group], values)
    return TrainingConfig(**values)


def changes(config: TrainingConfig, preset: Preset) -> list[str]:
    """What differs from the preset, in words: `epochs 5 → 8`."""
    words = []
    for parameter in PARAMETERS:
        before, after = (getattr(c, parameter.name) for c in (preset.config, config))
        if before != after and isinstance(parameter.domain, Items | Rows):
            words.append(f"{parameter.name} changed")
        elif before != after and isinstance(parameter.domain, Text):
            words.append(f"{parameter.name} {title_of(before)} → {title_of(after)}")
        elif before != after:
            words.append(f"{parameter.name} {before} → {after}")
    return words


def show_changes(config: TrainingConfig, preset: Preset) -> None:
    """One line that marks what was changed, with one click back."""
    words = changes(config, preset)
    if not words:
        return
    line, back = st.columns([3, 2], vertical_alignment="center")
    line.caption(f"Changed from the preset: {', '.join(words)}")
    back.button(
        "Back to the preset",
        icon=":material/undo:",
        type="tertiary",
        on_click=_reset,
        key="train_back",
    )


def _reset() -> None:
    """Fills the form from the preset, with fresh widgets."""
    preset = PRESETS.get(st.session_state[PRESET]) or next(iter(PRESETS.values()))
    st.session_state[VALUES] = start_values(preset)
    st.session_state[VERSION] = st.session_state.get(VERSION, 0) + 1


def _key(parameter: Hyperparameter) -> str:
    return f"train_{parameter.name}_{st.session_state[VERSION]}"


def _current(parameter: Hyperparameter) -> Any:
    """What the visitor chose, shown or not; else what the preset says."""
    given = st.session_state[VALUES][parameter.name]
    if isinstance(parameter.domain, Items):
        return st.session_state.get(f"{_key(parameter)}_value", given)
    return st.session_state.get(_key(parameter), given)


def _fields(parameters: Sequence[Hyperparameter], values: dict[str, Any]) -> None:
    """The widgets of one group, two abreast; the advanced ones folded away."""
    shown = [p for p in parameters if p.matters(values)]
    _abreast([p for p in shown if not p.advanced], values)
    advanced = [p for p in shown if p.advanced]
    if advanced:
        with st.expander("More", key=f"train_more_{parameters[0].group}"):
            _abreast(advanced, values)


def _abreast(parameters: Iterable[Hyperparameter], values: dict[str, Any]) -> None:
    narrow = [p for p in parameters if not isinstance(p.domain, Items)]
    for pair in zip(narrow[::2], [*narrow[1::2], None], strict=False):
        for column, parameter in zip(st.columns(2), pair, strict=True):
            if parameter is not None:
                with column:
                    values[parameter.name] = _widget(parameter)
    for parameter in parameters:
        if isinstance(parameter.domain, Items):
            values[parameter.name] = _table(parameter)


def _widget(parameter: Hyperparameter) -> Any:
    """One field, kept for the session. It starts from the preset's value, which never changes
    while the widget lives: a widget with another default is another widget.

    A field of a number has no bounds of its own: beyond them it would keep its last value and
    show no more than a red mark. So it takes any, and the config refuses it in a sentence.
    """
    domain, help = parameter.domain, parameter.help
    given = st.session_state[VALUES][parameter.name]
    common: dict[str, Any] = {"key": _key(parameter), "persist_state": "session"}
    if isinstance(domain, Flag):
        return st.toggle(parameter.label, given, help=help, **common)
    if isinstance(domain, Rows):
        return st.text_input(parameter.label, given, help=help, placeholder="none", **common)
    if isinstance(domain, Text):
        return pick_given(parameter.label, given, help=help, **common)
    if isinstance(domain, Choice):
        options = list(domain.options)
        help += "".join(f"\n- `{word}`: {what}" for word, what in domain.options.items())
        return st.selectbox(parameter.label, options, options.index(given), help=help, **common)
    if isinstance(domain, Integer):
        return st.number_input(
            parameter.label,
            value=given,
            step=1,
            help=f"{help} From {domain.low:,} to {domain.high:,}.",
            placeholder=domain.none or "",
            **common,
        )
    assert isinstance(domain, Real), parameter
    return st.number_input(
        parameter.label,
        value=float(given),
        step=given / 2 if domain.logarithmic else (domain.high - domain.low) / 20,
        format="%g",
        help=f"{help} In {domain}.",
        **common,
    )


def _table(parameter: Hyperparameter) -> tuple[Any, ...]:
    """A list of layers as an editable table: rows can be added and removed.

    The editor keeps its edits apart from what it was given, so it is given the same table for
    as long as it lives, and the last value when it comes back to the page.
    """
    domain = parameter.domain
    assert isinstance(domain, Items)
    key = _key(parameter)
    if key not in st.session_state:
        st.session_state[f"{key}_given"] = _current(parameter)
    columns = declared(domain.of)
    given = st.session_state[f"{key}_given"]
    rows = [{c.name: getattr(row, c.name) for c in columns} for row in given]
    st.markdown(f"**{parameter.label}**", help=parameter.help)
    edited = st.data_editor(
        pd.DataFrame(rows, columns=[c.name for c in columns]),
        column_config={c.name: _column(c) for c in columns},
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        key=key,
    )
    value = domain.check(parameter.name, read_rows(columns, edited.to_dict("records")))
    st.session_state[f"{key}_value"] = value
    return value


def read_rows(
    columns: Sequence[Hyperparameter], rows: Sequence[Mapping[Any, Any]]
) -> list[dict[str, Any]]:
    """Table rows as plain values; an empty cell of a new row takes its default."""
    return [
        {c.name: c.default if pd.isna(row[c.name]) else _plain(c, row[c.name]) for c in columns}
        for row in rows
    ]


def _plain(column: Hyperparameter, value: Any) -> Any:
    """A cell's value as Python's own type."""
    if isinstance(column.domain, Flag):
        return bool(value)
    if isinstance(column.domain, Integer | Real):
        try:
            return float(value)
        except ValueError:
            raise InputError(f"{column.name} must be a number, got {value!r}") from None
    return str(value)


def _column(column: Hyperparameter) -> Any:
    domain, label, help = column.domain, column.label, column.help
    if isinstance(domain, Choice):
        return st.column_config.SelectboxColumn(
            label, options=list(domain.options), default=column.default, required=True, help=help
        )
    if isinstance(domain, Flag):
        return st.column_config.CheckboxColumn(label, default=column.default, help=help)
    assert isinstance(domain, Integer | Real), column
    whole = isinstance(domain, Integer)
    return st.column_config.NumberColumn(
        label,
        min_value=domain.low,
        max_value=domain.high,
        step=1 if whole else 0.05,
        default=column.default,
        required=True,
        help=help,
    )
