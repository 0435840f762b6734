"""Paths of any characters work, or are refused at the start with the reason."""

import os

import pytest

from shopstream import bootstrap, config
from shopstream.errors import SettingsError
from shopstream.run import by_hand


@pytest.mark.parametrize("unfit", list("'\"`\\{}[]*?:") + ["\n"])
def test_a_warehouse_that_an_engine_takes_for_another_is_refused(tmp_path, unfit):
    with pytest.raises(SettingsError, match="Choose another path"):
        config.check_warehouse(tmp_path / f"a{unfit}b")


@pytest.mark.parametrize("unfit", [" ", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "%", "#"])
def test_sail_takes_plain_characters_only(tmp_path, monkeypatch, unfit):
    monkeypatch.setenv("DBT_TARGET", "embedded")
    config.check_warehouse(tmp_path / f"a{unfit}b")
    monkeypatch.setenv("DBT_TARGET", "sail")
    config.check_warehouse(tmp_path)
    with pytest.raises(SettingsError, match="Sail would write to another folder"):
        config.check_warehouse(tmp_path / f"a{unfit}b")


def test_an_engine_that_was_not_set_up_is_named_with_the_command_for_it(monkeypatch):
    config.check_engine(on_spark=False)
    monkeypatch.setattr(config, "has_spark", lambda: False)
    config.check_engine(on_spark=False)
    with pytest.raises(SettingsError, match="make setup-spark"):
        config.check_engine(on_spark=True)


def test_dbt_by_hand_names_it_too(monkeypatch):
    monkeypatch.setattr(config, "has_spark", lambda: False)
    monkeypatch.setattr(by_hand.sys, "argv", ["dbt", "run", "-t", "embedded"])
    monkeypatch.setattr(os, "environ", dict(os.environ))  # which main changes
    with pytest.raises(SystemExit, match="make setup-spark"):
        by_hand.main()


def test_a_project_in_such_a_folder_is_refused_at_set_up(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path / "a:b")
    with pytest.raises(bootstrap.SetupError, match="Move the project"):
        bootstrap.check_path()
