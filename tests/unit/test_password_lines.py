"""The file of passwords: what its lines may be, and what is said of the others."""

import pytest

from banners.errors import SettingsError
from banners.web.http.caller import Role
from banners.web.operators.password_lines import ONLY_NAME, Operator, parse

ANNA = "anna 8yLzWc4mXq2RtGvN6hKd"


def test_a_line_has_a_name_and_a_password_and_perhaps_a_role() -> None:
    assert parse(f"{ANNA}\nben secret operator\n", "file") == [
        Operator("anna", "8yLzWc4mXq2RtGvN6hKd", Role.OPERATOR, None),
        Operator("ben", "secret", Role.OPERATOR, None),
    ]


def test_a_reader_has_a_list_of_campaigns() -> None:
    (found,) = parse("acme secret reader 7,027,7", "file")
    assert (found.role, found.campaigns) == (Role.READER, frozenset({7, 27}))


def test_one_bare_password_stands_for_one_operator() -> None:
    assert parse("\n# why\n  secret \n", "file") == [Operator(ONLY_NAME, "secret")]


def test_comments_empty_lines_and_other_spaces_are_ignored() -> None:
    assert parse("# anna x\n\n  anna\t\tsecret#1  \r\n", "file") == [Operator("anna", "secret#1")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ANNA}\nsecret", r"file, line 2: found 1 word; expected: name password"),
        ("anna secret reader 7, 27", r"line 1: found 5 words; .* commas alone separate campaigns"),
        ("anna secret boss", r"line 1: found another role than operator or reader"),
        ("anna secret Reader 7", r"line 1: found another role"),
        ("acme secret reader", r"line 1: a reader needs campaigns .* as in 7,27"),
        ("acme secret reader 7,x", r"line 1: campaign 2 of the fourth word is not a campaign id"),
        ("acme secret reader 7,,8", r"line 1: campaign 2 of the fourth word is not"),
        ("anna secret operator 7", r"line 1: an operator sees all campaigns"),
        ("an:na secret", r"line 1: found a name with other characters"),
        (f"{'a' * 65} secret", r"line 1: found a name with other characters or too many"),
        (f"anna {'x' * 1_001}", r"line 1: found a password that is too long"),
        ("anna a\x07b", r"line 1: found a password that is too long or has control characters"),
        (f"{ANNA}\nanna other", r"line 2: the name is that of an earlier line"),
        ("anna same\nben same", r"line 2: the password is that of an earlier line as well"),
        ("", r"file has no password; expected one"),
        ("# nobody\n", r"file has no password"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse(text, "file")


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        parse("one\nanna secret boss\nben good\nacme x reader", "file")
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "file, line 1",
        "file, line 2",
        "file, line 4",
    ]


def test_of_many_faults_the_first_are_named() -> None:
    with pytest.raises(SettingsError, match=r"And 80 more\.$") as caught:
        parse("one\n" * 100, "file")
    assert len(str(caught.value).splitlines()) == 21


@pytest.mark.parametrize(
    "text",
    [
        "anna s3cret boss",
        "ann:a s3cret",
        "s3cret\ns3cret x y z w",
        "anna my s3cret phrase",
        "anna hunter2 reader s3cret",
        "anna hunter2 reader 7,s3cret",
        "s3cret one\ns3cret two",
        "s3cret same\nben same",
    ],
)
def test_no_message_shows_a_password(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text, "file")
    assert "s3cret" not in str(caught.value)


def test_nothing_that_is_logged_by_chance_shows_a_password() -> None:
    assert "s3cret" not in repr(Operator("anna", "s3cret"))


def test_a_reader_of_very_many_campaigns_is_refused() -> None:
    parse(f"acme x reader {','.join(map(str, range(1, 5_001)))}", "file")
    with pytest.raises(SettingsError, match="found 5001 campaigns; expected 5000 at the most"):
        parse(f"acme x reader {','.join(map(str, range(1, 5_002)))}", "file")
