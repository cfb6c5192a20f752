"""Settings from the environment, a .env file, a file of secrets and the command line."""

import runpy
from pathlib import Path

import pytest

from banners.errors import SettingsError
from banners.model import FillPolicy
from banners.settings import Settings, load_settings, table

ROOT = Path(__file__).parents[2]


def load(folder: Path, variables: dict[str, str] | None = None, **given: str | None) -> Settings:
    return load_settings(given, env_file=folder / ".env", environment=variables or {})


def test_without_any_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BANNERS_FILL=none\nBANNERS_MEMORY=1GB\n")
    settings = load(tmp_path, {"BANNERS_FILL": "campaign"})
    assert (settings.fill, settings.memory) == (FillPolicy.CAMPAIGN, "1GB")


def test_a_secret_of_the_environment_wins_over_a_file_of_it_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("sqlite:///secret.db")
    (tmp_path / ".env").write_text(f"BANNERS_DATABASE_URL_FILE={tmp_path / 'url'}\n")
    assert load(tmp_path).database_url == "sqlite:///secret.db"
    settings = load(tmp_path, {"BANNERS_DATABASE_URL": "sqlite:///environment.db"})
    assert settings.database_url == "sqlite:///environment.db"


def test_an_empty_variable_hides_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BANNERS_MEMORY=1GB\n")
    assert load(tmp_path, {"BANNERS_MEMORY": ""}) == Settings()


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    variables = {"BANNERS_DATABASE_URL": "sqlite:///environment.db"}
    settings = load(tmp_path, variables, database_url="sqlite:///given.db")
    assert settings.database_url == "sqlite:///given.db"


def test_what_the_command_line_does_not_give_is_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, database_url=None) == Settings()


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("sqlite:///secret.db\n")
    settings = load(tmp_path, {"BANNERS_DATABASE_URL_FILE": str(secret)})
    assert settings.database_url == "sqlite:///secret.db"


def test_a_file_of_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"BANNERS_DATABASE_URL_FILE names .*nowhere"):
        load(tmp_path, {"BANNERS_DATABASE_URL_FILE": "nowhere"})


def test_a_file_env_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    # This one fails for an administrator too, whom no permission keeps out.
    (tmp_path / ".env").symlink_to("/proc/self/mem")
    with pytest.raises(SettingsError, match=r"\.env cannot be read: Input/output error"):
        load(tmp_path)


def test_a_folder_named_env_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert load(tmp_path) == Settings()


def test_what_the_file_sets_and_is_no_setting_is_said_with_what_may_be_meant(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "BANNERS_FIL=none\nBANNERS_QQQ=1\nBANNERS_FILL=campaign\n"
        "BANNERS_REDIS_URL_FILE=\nPORT=9000\n"
    )
    load_settings(env_file=file, environment={"BANNERS_OTHER": "1"})
    assert [record.getMessage() for record in caplog.records] == [
        f"{file} sets “BANNERS_FIL”, which is no setting. Is BANNERS_FILL meant?",
        f"{file} sets “BANNERS_QQQ”, which is no setting.",
    ]


def test_an_empty_variable_stands_for_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, {"BANNERS_MEMORY": ""}) == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("BANNERS_TIMEZONE", "Mars/Olympus", "Europe/Vienna"),
        ("BANNERS_TIMEZONE", "../etc/passwd", "Europe/Vienna"),
        ("BANNERS_FILL", "all", "inventory, campaign, none"),
        ("BANNERS_ENGINE", "abacus", "duckdb"),
        ("BANNERS_MEMORY", "much", "512MB"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    tmp_path: Path, variable: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {variable: value})
    assert variable in str(caught.value)
    assert value in str(caught.value)
    assert expected in str(caught.value)


def test_a_database_url_is_never_echoed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {"BANNERS_DATABASE_URL": "user:secret@host"})
    assert "secret" not in str(caught.value)


def test_the_page_of_settings_is_made_from_the_table() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make_settings.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text() == page
    assert all(f"`{row.variable}`" in page for row in table())
