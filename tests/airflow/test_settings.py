"""Airflow's configuration for a home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart_airflow import school
from anonymart_airflow.settings import USER, USERS, airflow_env, password


def test_it_is_private_to_the_home_and_to_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "True")
    home = Home(tmp_path / "home").prepare()
    environment = airflow_env(home, 1234)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert environment["DO_NOT_TRACK"] == "1"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:1234/execution/"
    for path in [home.airflow, *home.airflow.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_make_up_takes_what_the_caller_has_set_but_for_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "7")
    monkeypatch.setenv("AIRFLOW__SMTP__SMTP_HOST", "mail.example.org")
    monkeypatch.setenv("AIRFLOW__API__HOST", "0.0.0.0")
    home = Home(tmp_path / "home").prepare()
    ours, callers = (airflow_env(home, 1234, is_callers=is_callers) for is_callers in (False, True))
    assert (ours["AIRFLOW__CORE__PARALLELISM"], callers["AIRFLOW__CORE__PARALLELISM"]) == ("2", "7")
    assert (
        "AIRFLOW__SMTP__SMTP_HOST" not in ours and callers["AIRFLOW__SMTP__SMTP_HOST"] == "mail.example.org"
    )
    assert ours["AIRFLOW__API__HOST"] == callers["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert up_source().count("is_callers=True") == 1


def up_source() -> str:
    from anonymart_airflow import up

    return Path(up.__file__).read_text()


def test_secrets_are_made_once_and_differ_between_homes(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name).prepare() for name in ("one", "two")]
    first, second = (airflow_env(home, 1) for home in homes)
    assert airflow_env(homes[0], 2)["AIRFLOW__API_AUTH__JWT_SECRET"] == first["AIRFLOW__API_AUTH__JWT_SECRET"]
    for name in ("API_AUTH__JWT_SECRET", "CORE__FERNET_KEY", "API__SECRET_KEY"):
        assert first[f"AIRFLOW__{name}"] != second[f"AIRFLOW__{name}"]
    assert password(homes[0]) == json.loads((homes[0].airflow / "passwords.json").read_text())[USER]
    assert len(password(homes[0])) >= 12


def test_every_user_has_a_password_also_in_a_home_from_before(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    home.airflow.mkdir()
    (home.airflow / "passwords.json").write_text(json.dumps({USER: "as it was"}))
    airflow_env(home, 1)
    assert password(home) == "as it was"
    assert len({password(home, user) for user in USERS}) == len(USERS) == 4
    assert (home.airflow / "passwords.json").stat().st_mode & 0o077 == 0


def test_the_demo_keeps_away_from_a_home_that_is_none(tmp_path: Path) -> None:
    home = Home(tmp_path).prepare()
    school.check_home(home, school.School())
    home.keys_file.write_text("{}")
    with pytest.raises(UsageError, match="no demo"):
        school.check_home(home, school.School())


def test_the_demo_of_another_size_is_not_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path).prepare()
    school.make(home, school.School(learners=200))
    with pytest.raises(UsageError, match="another size"):
        school.check_home(home, school.School(learners=201))
    monkeypatch.setenv("ANONYMART_DEMO_LEARNERS", "many")
    with pytest.raises(UsageError, match="no whole number"):
        school.School.chosen()
