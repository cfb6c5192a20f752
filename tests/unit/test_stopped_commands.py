"""What a command says when it is stopped: what became of what it would have changed."""

from unittest.mock import Mock

import pytest

from banners import wiring
from banners.cli.group import banners


@pytest.mark.parametrize(
    ("words", "step", "said"),
    [
        (("upgrade",), "upgrade", "Stopped.\n"),
        (("crunch", "events"), "crunch", "Stopped. The previous generation stays live.\n"),
        (("copy-from", "sqlite:///old.db"), "copy_from", "Stopped. Nothing was copied.\n"),
    ],
)
def test_only_a_command_that_replaces_something_says_what_stays_live(
    words: tuple[str, ...],
    step: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(wiring, step, Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(SystemExit) as ended:
        banners(words)
    assert ended.value.code == 130
    assert capfd.readouterr().err == said
