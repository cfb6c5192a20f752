"""Makes sample events: three files for each quarter, the same bytes for the same seed.

``events.sql`` defines the events. DuckDB writes them as it makes them, so that memory does not grow
with their number. The same bytes are promised for one version of DuckDB only, because its ``hash``
is the source of randomness.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from banners.core.events import Kind
from banners.core.model import Quarter
from banners.errors import SampleError
from banners.sample.examples import EXAMPLES, example_rows
from banners.sample.manifest import Manifest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EXAMPLES_QUARTER = Quarter.FIRST
_FIRST_BANNER = 100
# Maximum number of campaigns that share an inventory; the next number is an example's.
_MOST_SHARING = min(EXAMPLES) - 1
_SHARED_BANNERS = 401
_ROOM_FOR_EXAMPLES = 1_000
_OWN_BANNERS = 50
# Largest value of a parameter, so that no id has more than 18 digits.
_MOST = 10**12
_MEMORY = "1GB"


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """The parameters of a sample.

    Up to 50 campaigns share the banners 100 to 500, in pools of different sizes, and the first
    quarter also has the examples, campaigns 51 to 64. With more campaigns, each has 50 banners of
    its own, and the examples are left out, because their numbers are taken.

    Args:
        impressions: number in each quarter, 1 to 10**12. About a third of them are clicked, and
            about a tenth of the clicks convert. If there are few, some campaigns and banners have
            no events.
        campaigns: 1 to 10**12, numbered from 1.
        seed: 0 to 10**12; another seed gives other events.
        quarters: the quarters to make. The events of a quarter do not depend on which others are
            made.

    Raises:
        SampleError: a value is out of its range.
    """

    impressions: int = 150_000
    campaigns: int = 50
    seed: int = 1
    quarters: tuple[Quarter, ...] = tuple(Quarter)

    def __post_init__(self) -> None:
        """Raise an error if a value is out of its range."""
        for name, value, least in (
            ("impressions", self.impressions, 1),
            ("campaigns", self.campaigns, 1),
            ("seed", self.seed, 0),
        ):
            if not least <= value <= _MOST:
                raise SampleError(
                    f"A sample cannot have {name} = {value}. Give a number from {least} to {_MOST}."
                )
        if not self.quarters:
            raise SampleError("A sample needs at least one quarter. Give 1, 2, 3 or 4.")

    @property
    def parameters(self) -> dict[str, int]:
        """Everything that decides the events of a quarter."""
        return {name: value for name, value in asdict(self).items() if name != "quarters"}

    @property
    def has_own_banners(self) -> bool:
        """Whether each campaign has banners of its own, and the examples are left out."""
        return self.campaigns > _MOST_SHARING


def banner_ids(spec: SampleSpec) -> Sequence[int]:
    """Return the id of every banner that the sample can have, in order."""
    banners = spec.campaigns * _OWN_BANNERS if spec.has_own_banners else _SHARED_BANNERS
    return range(_FIRST_BANNER, _FIRST_BANNER + banners)


def event_files(spec: SampleSpec) -> list[str]:
    """List the paths of the event files of a sample, below its folder."""
    return [kind.path(quarter) for quarter in spec.quarters for kind in Kind]


def is_made(folder: Path, spec: SampleSpec) -> bool:
    """Return whether the folder holds this sample, complete.

    Args:
        folder: where to look. Later changes in its files are not noticed.
        spec: the sample. The folder may have further quarters of it.
    """
    try:
        manifest = Manifest.read(folder)
        return manifest.parameters == spec.parameters and manifest.has(event_files(spec))
    except (SampleError, OSError):
        return False


def write_events(
    folder: Path,
    spec: SampleSpec,
    on_file: Callable[[Path], None] = lambda _: None,
    *,
    threads: int | None = None,
) -> None:
    """Write the event files of a sample, in place of any sample in the folder.

    Each file gets its name only when it is complete.

    Args:
        folder: made if it does not exist. It must hold no event files but those of a sample. Other
            quarters of the same sample are kept; any other sample is removed.
        spec: the sample to write.
        on_file: called with each event file when it is complete, in the order of
            :func:`event_files`.
        threads: number of DuckDB's threads, 1 or more; as many as there are processors if not
            given. The bytes do not depend on it.

    Raises:
        SampleError: there are other event files in the folder, or it cannot be written to.
    """
    with errors_translated(folder):
        manifest = _make_room(folder, spec)
    with open_engine(spec, threads) as engine:
        for quarter in spec.quarters:
            for kind in Kind:
                with errors_translated(folder):
                    manifest = _write_kind(engine, manifest, spec, quarter, kind)
                on_file(folder / kind.path(quarter))


def _has_examples(spec: SampleSpec, quarter: Quarter) -> bool:
    return quarter is _EXAMPLES_QUARTER and not spec.has_own_banners


def _make_room(folder: Path, spec: SampleSpec) -> Manifest:
    """Remove the files of a sample with other parameters, and nothing else."""
    place = folder.absolute()
    try:
        str(place).encode()
    except UnicodeEncodeError as error:
        raise SampleError(
            f"DuckDB cannot write to {place}, because the path is not UTF-8. Name another folder."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest.read(folder)
    manifest.check_no_other_files()
    if manifest.parameters == spec.parameters:
        return manifest
    for name in manifest.found_files():
        (folder / name).unlink()
    return Manifest(folder, spec.parameters, {})


@contextmanager
def open_engine(spec: SampleSpec, threads: int | None = None) -> Iterator["DuckDBPyConnection"]:
    """Open a DuckDB with the views of ``events.sql`` and the variables that they need."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        # No view needs room on disk, and DuckDB would leave a folder where the command runs.
        "temp_directory": "",
    }
    if threads is not None:
        config["threads"] = threads
    with duckdb.connect(config=config) as engine:
        engine.execute(files("banners.sample").joinpath("events.sql").read_text(encoding="utf-8"))
        _set(engine, "seed", spec.seed)
        _set(engine, "impressions", spec.impressions)
        _set(engine, "campaigns", spec.campaigns)
        _set(engine, "inventory", len(banner_ids(spec)))
        _set(engine, "own_banners", int(spec.has_own_banners))
        yield engine


def _set(engine: "DuckDBPyConnection", name: str, value: int) -> None:
    engine.execute(f"SET VARIABLE {name} = $1::BIGINT", [value])


def _write_kind(
    engine: "DuckDBPyConnection",
    manifest: Manifest,
    spec: SampleSpec,
    quarter: Quarter,
    kind: Kind,
) -> Manifest:
    """Write one event file, and return the manifest that names it."""
    path = manifest.folder / kind.path(quarter)
    part = path.with_suffix(".part")
    path.parent.mkdir(exist_ok=True)
    try:
        _write_rows(engine, part, spec, quarter, kind)
        manifest = manifest.with_file(kind.path(quarter), part.stat().st_size)
        manifest.write()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write_rows(
    engine: "DuckDBPyConnection", path: Path, spec: SampleSpec, quarter: Quarter, kind: Kind
) -> None:
    # The ids of a quarter follow those of the one before; the examples' clicks come last.
    id_step = 10 ** len(str(spec.impressions + _ROOM_FOR_EXAMPLES))
    first_id = quarter * id_step
    _set(engine, "quarter", quarter)
    _set(engine, "first_id", first_id)
    # An absolute path, because DuckDB replaces a leading ~ by the home folder.
    rows = engine.view(kind).project(", ".join(kind.columns))
    rows.write_csv(str(path.absolute()), header=True)
    if _has_examples(spec, quarter):
        lines = example_rows(first_id + spec.impressions)[kind]
        with path.open("a", encoding="ascii", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)


@contextmanager
def errors_translated(folder: Path) -> Iterator[None]:
    """Translate errors of the disk and of DuckDB.

    Raises:
        SampleError: the sample cannot be written to the folder.
        KeyboardInterrupt: Ctrl-C was pressed; DuckDB raises an error of its own for it.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise SampleError(
            f"The sample could not be written to {folder}: {error}. Name a folder that can be "
            "written to and has enough room, or make a smaller sample."
        ) from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise
