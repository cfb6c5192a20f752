"""Makes sample events: three files for each quarter, the same bytes for the same seed.

A dirty sample has more files, and ``truth.json`` says what is to become of their rows.

``events.sql`` says what the events are like. DuckDB writes them as it makes them, so that memory
does not grow with their number. Bytes are promised for one version of DuckDB, whose ``hash`` is
where the randomness comes from.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from banners.errors import SampleError, readable
from banners.model import Quarter
from banners.sample.dirty import DirtyQuarter, forms_of
from banners.sample.examples import EXAMPLES, example_rows, unseen_clicks
from banners.sample.forms import COLUMNS, PLAIN, Form
from banners.sample.record import Record
from banners.sample.truth import Truth

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EXAMPLES_QUARTER = Quarter.FIRST
_FIRST_BANNER = 100
# No more campaigns than these share one inventory: the next number is an example's.
_MOST_SHARING = min(EXAMPLES) - 1
_SHARED_BANNERS = 401
_ROOM_FOR_EXAMPLES = 1_000
_OWN_BANNERS = 50
# Keeps every id within 18 digits.
_MOST = 10**12
_MEMORY = "1GB"


@dataclass(frozen=True, slots=True)
class SampleSpec:
    """What a sample is to be like.

    Up to 50 campaigns share the banners 100 to 500, in pools of different sizes; the examples,
    campaigns 51 to 64, come with them in the first quarter. Where there are more campaigns, each
    has 50 banners of its own, and the examples are left out, since their numbers are taken.

    Args:
        impressions: in each quarter, 1 to 10**12. About a third is clicked; of the clicks about a
            tenth converts. A campaign or banner appears only if there are enough for it to be seen.
        campaigns: 1 to 10**12, numbered from 1.
        seed: 0 to 10**12; another seed gives other events.
        quarters: the quarters to make; one makes the same whether the others are made or not.
        dirty: whether faults are planted: in each quarter 327 rows that are not accepted, and in
            the last one a fault for which it is refused whole. With 30,000 impressions or more,
            the others are within the limits of the gate.

    Raises:
        SampleError: a value is out of its range.
    """

    impressions: int = 150_000
    campaigns: int = 50
    seed: int = 1
    quarters: tuple[Quarter, ...] = tuple(Quarter)
    dirty: bool = False

    def __post_init__(self) -> None:
        """Refuse a value that is out of its range."""
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
            raise SampleError("A sample of no quarter is empty. Give at least one of 1, 2, 3, 4.")

    @property
    def parameters(self) -> dict[str, int]:
        """All that decides what the events of a quarter are."""
        parameters = {name: value for name, value in asdict(self).items() if name != "quarters"}
        if not self.dirty:
            # So that clean samples from before there were others are still known.
            del parameters["dirty"]
        return parameters

    @property
    def has_own_banners(self) -> bool:
        """Whether each campaign has banners of its own, and the examples are left out."""
        return self.campaigns > _MOST_SHARING


def banner_ids(spec: SampleSpec) -> Sequence[int]:
    """Give every banner that the sample can hold, in order.

    Args:
        spec: what the sample is like.
    """
    banners = spec.campaigns * _OWN_BANNERS if spec.has_own_banners else _SHARED_BANNERS
    return range(_FIRST_BANNER, _FIRST_BANNER + banners)


def event_files(spec: SampleSpec) -> list[str]:
    """List the event files of a sample, by their paths below its folder.

    Args:
        spec: what the sample is like.
    """
    return [
        form.name(kind, quarter)
        for quarter in spec.quarters
        for kind in COLUMNS
        for form in _forms(spec, quarter, kind)
    ]


def is_made(folder: Path, spec: SampleSpec) -> bool:
    """Tell whether the folder holds this very sample, complete.

    Args:
        folder: where it would be. What was changed in its files since does not count.
        spec: what it is like. Quarters beyond those of the spec may be there as well.
    """
    try:
        record = Record.of(folder)
        return (
            record.parameters == spec.parameters
            and record.has(event_files(spec))
            and (not spec.dirty or Truth.of(folder).has(spec.quarters))
        )
    except (SampleError, OSError):
        return False


def write_events(
    folder: Path,
    spec: SampleSpec,
    on_file: Callable[[Path], None] = lambda _: None,
    *,
    threads: int | None = None,
) -> None:
    """Write the event files of a sample, in place of a sample that is there.

    Each file appears under its name only when it is complete. Beside those of a dirty sample is
    ``truth.json``, which says what is to become of their rows.

    Args:
        folder: made if it is not there. It holds no event files, or those of a sample; quarters of
            the same sample stay, any other sample is removed.
        spec: what the sample is to be like.
        on_file: called with each event file that is done, in the order of :func:`event_files`.
        threads: for the engine, 1 or more; as many as there are processors if not given. The bytes
            do not depend on it.

    Raises:
        SampleError: there are other event files in the folder, or it cannot be written to.
    """
    with _faults_named(folder):
        record = _make_room(folder, spec)
    with _engine(spec, threads) as engine:
        for quarter in spec.quarters:
            dirt = _dirt(spec, quarter) if spec.dirty else None
            for kind in COLUMNS:
                with _faults_named(folder):
                    paths, record = _write_kind(engine, record, spec, quarter, kind, dirt)
                for path in paths:
                    on_file(path)
            if dirt:
                with _faults_named(folder):
                    truth = dirt.truth(_unseen_clicks(spec, quarter))
                    Truth.of(folder).telling(quarter, truth).write()


def _forms(spec: SampleSpec, quarter: Quarter, kind: str) -> tuple[Form, ...]:
    return forms_of(quarter, spec.seed, kind) if spec.dirty else (PLAIN,)


def _has_examples(spec: SampleSpec, quarter: Quarter) -> bool:
    return quarter is _EXAMPLES_QUARTER and not spec.has_own_banners


def _unseen_clicks(spec: SampleSpec, quarter: Quarter) -> int:
    return unseen_clicks() if _has_examples(spec, quarter) else 0


def _dirt(spec: SampleSpec, quarter: Quarter) -> DirtyQuarter:
    return DirtyQuarter(
        quarter,
        spec.seed,
        # Beyond the ids of all clicks, and before those of all conversions.
        first_id=(len(Quarter) + quarter) * _id_step(spec),
        campaigns=spec.campaigns,
        banners=banner_ids(spec),
    )


def _id_step(spec: SampleSpec) -> int:
    """Tell by how much the ids of a quarter are above those of the one before."""
    step: int = 10 ** len(str(spec.impressions + _ROOM_FOR_EXAMPLES))
    return step


def _make_room(folder: Path, spec: SampleSpec) -> Record:
    """Remove the files of a sample with other parameters, and nothing else."""
    place = folder.absolute()
    if readable(place) != str(place):
        raise SampleError(
            f"DuckDB cannot write to {place}, whose name is not UTF-8. Name another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    record = Record.of(folder)
    record.check_nothing_else_is_there()
    # Read before anything is removed: one that no sample wrote is refused.
    truth = Truth.of(folder) if spec.dirty or "dirty" in record.parameters else None
    if record.parameters == spec.parameters:
        return record
    for name in record.event_files():
        (folder / name).unlink()
    if truth:
        truth.remove()
    return Record(folder, spec.parameters, {})


@contextmanager
def _engine(spec: SampleSpec, threads: int | None) -> Iterator["DuckDBPyConnection"]:
    """Open a DuckDB that knows the views of ``events.sql`` and the parameters they need."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        # Nothing here needs room on disk; so no folder is left where the command was started.
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
    record: Record,
    spec: SampleSpec,
    quarter: Quarter,
    kind: str,
    dirt: DirtyQuarter | None,
) -> tuple[list[Path], Record]:
    """Write the event files of one kind; give their paths, and the record that names them."""
    names = {form: form.name(kind, quarter) for form in _forms(spec, quarter, kind)}
    parts = {form: _part(record.folder / name) for form, name in names.items()}
    clean = _part(record.folder / PLAIN.name(kind, quarter), "_clean" if dirt else "")
    clean.parent.mkdir(exist_ok=True)
    try:
        if names:
            _write_clean(engine, clean, spec, quarter, kind)
        if names and dirt:
            dirt.write(kind, clean, parts)
        for form, name in names.items():
            record = record.naming(name, parts[form].stat().st_size)
            record.write()
            parts[form].replace(record.folder / name)
    finally:
        for part in (clean, *parts.values()):
            part.unlink(missing_ok=True)
    return [record.folder / name for name in names.values()], record


def _part(path: Path, mark: str = "") -> Path:
    """Name a file that is not complete."""
    return path.with_name(f"{path.name.partition('.')[0]}{mark}.part")


def _write_clean(
    engine: "DuckDBPyConnection", path: Path, spec: SampleSpec, quarter: Quarter, kind: str
) -> None:
    """Write the clean event file of one kind."""
    # The examples' clicks come after the others, and the next quarter's after those.
    first_id = quarter * _id_step(spec)
    _set(engine, "quarter", quarter)
    _set(engine, "first_id", first_id)
    # An absolute path, since what begins with ~ would be written to the home folder.
    rows = engine.view(kind).project(", ".join(COLUMNS[kind]))
    rows.write_csv(str(path.absolute()), header=True)
    if _has_examples(spec, quarter):
        lines = getattr(example_rows(first_id + spec.impressions), kind)
        with path.open("a", encoding="ascii", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)


@contextmanager
def _faults_named(folder: Path) -> Iterator[None]:
    """Say of a fault of the disk or the engine what it means for the sample.

    Raises:
        SampleError: the fault.
        KeyboardInterrupt: somebody stopped the command; DuckDB has an error of its own for that.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise SampleError(
            f"The sample could not be written to {folder}: {error}. Name a folder that can be "
            "written to, with enough room, or make a smaller sample."
        ) from error
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise
