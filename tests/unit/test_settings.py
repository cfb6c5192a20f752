"""Settings from the environment, a .env file, a file of secrets and the command line."""

import runpy
from pathlib import Path

import pytest

from banners.core.model import FillPolicy
from banners.errors import SettingsError
from banners.settings import SettingRow, Settings, load_settings, table

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


def test_a_path_of_a_secret_that_no_file_can_have_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BANNERS_DATABASE_URL_FILE=a\0b\n")
    with pytest.raises(SettingsError, match=r"names “a\\x00b”, which cannot be read as text"):
        load(tmp_path)


def test_a_secret_given_in_place_of_its_file_is_not_echoed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BANNERS_DATABASE_URL_FILE names a URL") as caught:
        load(tmp_path, {"BANNERS_DATABASE_URL_FILE": "mysql+pymysql://a:s3cret@host/b"})
    assert "s3cret" not in str(caught.value)


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
        f"{file}, line 1 sets “BANNERS_FIL”, which is not a setting. Did you mean BANNERS_FILL?",
        f"{file}, line 2 sets “BANNERS_QQQ”, which is not a setting.",
    ]


def test_an_empty_variable_stands_for_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, {"BANNERS_MEMORY": ""}) == Settings()


def test_an_empty_variable_for_the_database_is_not_taken_for_the_default(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"^BANNERS_DATABASE_URL holds nothing; expected a value"
    ):
        load(tmp_path, {"BANNERS_DATABASE_URL": ""})
    (tmp_path / ".env").write_text("\nBANNERS_DATABASE_URL=${MISSING}\n")
    with pytest.raises(SettingsError, match=r"\.env, line 2: BANNERS_DATABASE_URL holds nothing"):
        load(tmp_path)


def test_an_empty_option_for_the_database_is_not_taken_for_the_default(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^--database holds nothing; expected a value"):
        load(tmp_path, {"BANNERS_DATABASE_URL": "sqlite:///other.db"}, database_url="")


@pytest.mark.parametrize("row", list(table()), ids=lambda row: row.variable)
def test_a_value_of_spaces_is_no_value(tmp_path: Path, row: SettingRow) -> None:
    with pytest.raises(SettingsError, match=f"^{row.variable} holds only spaces; expected a value"):
        load(tmp_path, {row.variable: " \t"})
    (tmp_path / ".env").write_text(f"{row.variable}='  '\n")
    with pytest.raises(SettingsError, match=rf"\.env, line 1: {row.variable} holds only spaces"):
        load(tmp_path)


@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff"], ids=["empty", "blank", "only a mark"])
def test_an_empty_file_of_a_secret_is_named(tmp_path: Path, content: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text(content)
    with pytest.raises(
        SettingsError,
        match=r"^BANNERS_DATABASE_URL_FILE names .*secret.*, which is empty; expected",
    ):
        load(tmp_path, {"BANNERS_DATABASE_URL_FILE": str(secret)})


@pytest.mark.parametrize(
    "line",
    [
        "BANNERS_DATABASE_URL: sqlite:///s3cret.db",
        "BANNERS_DATABASE_URL sqlite:///s3cret.db",
        "BANNERS_DATABASE_URL",
        "set BANNERS_DATABASE_URL=sqlite:///s3cret.db",
        "banners_database_url: sqlite:///s3cret.db",
        "BANNERS_DATABASE_URL='sqlite:///s3cret.db",
        'BANNERS_DATABASE_URL="sqlite:///s3cret.db',
        'BANNERS_DATABASE_URL="sqlite:///s3cret.db" s3cret',
        '"BANNERS_DATABASE_URL": "sqlite:///s3cret.db",',
    ],
)
def test_a_line_that_cannot_be_parsed_is_named_with_the_setting_meant(
    tmp_path: Path, line: str
) -> None:
    (tmp_path / ".env").write_text(f"# the database\n\n  \n{line}\nBANNERS_FILL=none\n")
    expected = r"\.env, line 4: found a line that cannot be parsed; expected BANNERS_DATABASE_URL="
    with pytest.raises(SettingsError, match=expected) as caught:
        load(tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_line_of_another_program_that_cannot_be_parsed_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nname: value\n")
    with pytest.raises(SettingsError, match=r"\.env, line 2: .*; expected NAME=value"):
        load(tmp_path)


def test_a_setting_within_the_quotes_of_another_value_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "GREETING='hello\nBANNERS_DATABASE_URL=sqlite:///a.db\nBANNERS_ENGINE='\n"
    )
    expected = r"\.env, line 1: the quotes that open here enclose “BANNERS_DATABASE_URL”"
    with pytest.raises(SettingsError, match=expected):
        load(tmp_path)


def test_a_value_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"BANNERS_IMAGES holds .*; expected a value without"):
        load(tmp_path, {"BANNERS_IMAGES": "images\nforged"})


def test_a_byte_order_mark_does_not_hide_the_first_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\ufeffBANNERS_FILL=none\n", "utf-8")
    assert load(tmp_path).fill is FillPolicy.NONE


NEAR_MISSES = {
    "banners_database_url": "BANNERS_DATABASE_URL",
    "Banners_Database_Url": "BANNERS_DATABASE_URL",
    "BANNERS-DATABASE-URL": "BANNERS_DATABASE_URL",
    "BANNERS_DATABASE_URI": "BANNERS_DATABASE_URL",
    "BANNERS_DATABASE": "BANNERS_DATABASE_URL",
    "BANNERS_DATABSE_URL": "BANNERS_DATABASE_URL",
    "BANNERS_DATABASEURL": "BANNERS_DATABASE_URL",
    "BANNER_DATABASE_URL": "BANNERS_DATABASE_URL",
    "BANNERS_DATABASE_FILE": "BANNERS_DATABASE_URL_FILE",
    "BANNERS_DATABASE_URL_FIL": "BANNERS_DATABASE_URL_FILE",
    "BANNERS_REDIS": "BANNERS_REDIS_URL",
    "BANNERS_IMAGE": "BANNERS_IMAGES",
    "BANNERS_TIME_ZONE": "BANNERS_TIMEZONE",
    "banners_fill": "BANNERS_FILL",
}


@pytest.mark.parametrize(("name", "meant"), NEAR_MISSES.items())
def test_a_name_that_is_nearly_that_of_a_setting_is_an_error(
    tmp_path: Path, name: str, meant: str
) -> None:
    said = f"sets “{name}”, which is not a setting. Did you mean {meant}[?] Correct the name"
    with pytest.raises(SettingsError, match=f"^The environment {said}"):
        load(tmp_path, {name: "sqlite:///a.db"})
    (tmp_path / ".env").write_text(f"PORT=1\n{name}=sqlite:///a.db\n")
    with pytest.raises(SettingsError, match=rf"\.env, line 2 {said}"):
        load(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "BANNERS_PORT",
        "BANNERS_SERVICE_HOST",
        "BANNERS_SERVICE_PORT_HTTP",
        "BANNERS_PORT_8000_TCP_ADDR",
        "BANNERS_DATABASE_PORT",
        "BANNERS_DATABASE_SERVICE_HOST",
        "BANNERS_REDIS_PORT",
        "BANNERS_REDIS_PORT_6379_TCP",
        "BANNERS_REQUIRE_SERVICES",
        "_BANNERS_COMPLETE",
        "DATABASE_URL",
        "REDIS_URL",
        "IMAGES",
        "TIMEZONE",
    ],
)
def test_a_variable_of_another_program_is_no_error(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, {name: "tcp://10.0.0.1:80"}) == Settings()


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:p%2Fw%3Fx@localhost:6379/12",
        "unix:///run/redis.sock?db=2",
        "rediss://:p@host:6379/0?ssl_cert_reqs=none&ssl_check_hostname=false",
        f"rediss://host:6379/0?ssl_ca_certs={Path(__file__)}",
        "redis://host?db=3&protocol=3&client_name=banners",
    ],
)
def test_a_redis_url_may_have_the_options_of_the_client(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, {"BANNERS_REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://:s3cret@127.0.0.1:6379/mydb", "expected the number of a Redis database"),
        ("redis://:s3cret@127.0.0.1:6379/0/1", "expected the number of a Redis database"),
        ("unix://:s3cret@/run/redis.sock?db=two", "expected the number of a Redis database"),
        ("unix://:s3cret@/run/redis.sock?db=", "expected the number of a Redis database"),
        ("redis://:s3cret@host/0?socket_timeout=9", "after the question mark: client_name"),
        ("redis://:s3cret@host/0#1", "after the question mark: client_name"),
        ("redis://:s3cret/w?x@host/0", "is written as %2F %3F %23 %25"),
        ("redis://:s3cret@[host/0", "is written as %2F %3F %23 %25"),
        ("rediss://:s3cret@host/0?ssl_ca_certs=/none.pem", "that can be read as ssl_ca_certs"),
        ("http://:s3cret@host/0", "expected a Redis URL, such as redis://localhost:6379/0"),
    ],
)
def test_a_redis_url_that_cannot_be_meant_so_is_refused_without_showing_it(
    tmp_path: Path, url: str, told: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, {"BANNERS_REDIS_URL": url})
    assert told in str(refused.value)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("BANNERS_TIMEZONE", "Mars/Olympus", "Europe/Vienna"),
        ("BANNERS_TIMEZONE", "../etc/passwd", "Europe/Vienna"),
        ("BANNERS_FILL", "all", "inventory, campaign, none"),
        ("BANNERS_ENGINE", "abacus", "duckdb"),
        ("BANNERS_MEMORY", "much", "512MB"),
        ("BANNERS_PUBLIC_URL", "example.com/ads", "http or https URL"),
        ("BANNERS_PUBLIC_URL", "https://example.com/ads?x=1", "http or https URL"),
        ("BANNERS_PUBLIC_URL", "https://example.com/a;b", "letters, digits"),
        ("BANNERS_PUBLIC_URL", "https://example.com/a//b", "letters, digits"),
        ("BANNERS_PUBLIC_URL", "https://example.com/a/../b", "letters, digits"),
        ("BANNERS_PUBLIC_URL", "https://example.com/campaigns", "not an address of the web"),
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


def test_a_wrong_value_of_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# fill\n\nexport BANNERS_FILL=all\n")
    with pytest.raises(SettingsError, match=r"\.env, line 3: BANNERS_FILL holds “all”; expected"):
        load(tmp_path)


def test_a_wrong_value_in_a_file_of_a_secret_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("nonsense")
    with pytest.raises(
        SettingsError, match=r"^BANNERS_DATABASE_URL_FILE names .*secret.*, which holds a value"
    ):
        load(tmp_path, {"BANNERS_DATABASE_URL_FILE": str(tmp_path / "secret")})


def test_a_database_url_is_never_echoed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {"BANNERS_DATABASE_URL": "user:secret@host"})
    assert "secret" not in str(caught.value)


def test_the_page_of_settings_is_made_from_the_table() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make_settings.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text() == page
    assert all(f"`{row.variable}`" in page for row in table())


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://example.com/", "https://example.com"),
        ("https://example.com:8443/ads/", "https://example.com:8443/ads"),
        ("http://[::1]:8000/a.b/~c", "http://[::1]:8000/a.b/~c"),
    ],
)
def test_a_public_url_may_have_a_path_and_ends_without_a_slash(
    tmp_path: Path, given: str, taken: str
) -> None:
    assert load(tmp_path, {"BANNERS_PUBLIC_URL": given}).public_url == taken


def test_the_file_of_the_passwords_is_a_path_and_not_the_content_of_a_setting(
    tmp_path: Path,
) -> None:
    path = "nowhere/passwords"
    settings = load(tmp_path, {"BANNERS_OPERATOR_PASSWORD_FILE": path})
    assert settings.operator_password_file == path


@pytest.mark.parametrize("name", ["BANNERS_OPERATOR_PASSWORD", "BANNERS_OPERATOR_PASSWORDS_FILE"])
def test_another_name_of_the_file_of_the_passwords_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"Did you mean BANNERS_OPERATOR_PASSWORD_FILE\?"):
        load(tmp_path, {name: "passwords"})


def test_who_is_an_operator_is_one_of_two(tmp_path: Path) -> None:
    assert load(tmp_path, {}).operators == "signed-in"
    assert load(tmp_path, {"BANNERS_OPERATORS": "open"}).operators == "open"
    with pytest.raises(SettingsError, match="expected one of signed-in, open"):
        load(tmp_path, {"BANNERS_OPERATORS": "yes"})
