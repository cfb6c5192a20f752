"""Run a command as a process, and measure it from outside."""

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_STEP = re.compile(rb"quarter [1-4]: (\w+)\n")


@dataclass(frozen=True, slots=True)
class Figures:
    """The time and memory of the runs of one command, in their order.

    Args:
        seconds: wall-clock time from start to end.
        cpu_seconds: processor time, summed over all processors.
        peak_mb: the peak memory of the process or of one of its children, in MiB.
    """

    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    peak_mb: tuple[float, ...]

    @property
    def typical(self) -> float:
        """The median of the seconds."""
        return median(self.seconds)

    @property
    def most_mb(self) -> float:
        """The largest peak memory of all runs, in MiB."""
        return max(self.peak_mb)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and the variables that are added to its environment."""

    words: Sequence[str | Path]
    variables: Mapping[str, str]


def measure(commands: Mapping[str, Command], rounds: int) -> dict[str, Figures]:
    """Run commands in turn, several times, so that a change of the machine's speed affects all.

    Args:
        commands: the commands, by name.
        rounds: the number of runs of each command, 1 or more.

    Raises:
        SystemExit: a command failed; its error output is shown.
    """
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name].append(_run(name, command))
    columns = {name: zip(*runs, strict=True) for name, runs in taken.items()}
    return {name: Figures(*map(tuple, column)) for name, column in columns.items()}


def steps(command: Command) -> dict[str, float]:
    """Run a crunch of one quarter, and return the seconds of each step.

    Args:
        command: writes each step that begins to standard error, as in ``quarter 1: checking``.

    Raises:
        SystemExit: the command failed.
    """
    begun = {"starting": time.perf_counter()}
    with _start(command) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if step := _STEP.fullmatch(line):
                name = step[1].decode()
                begun["serving" if name == "done" else name] = time.perf_counter()
    if process.returncode:
        raise SystemExit(f"{command.words} failed with {process.returncode}.")
    ends = [*list(begun.values())[1:], time.perf_counter()]
    return {step: end - start for (step, start), end in zip(begun.items(), ends, strict=True)}


def _start(command: Command) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        list(command.words),
        env={**os.environ, **command.variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _run(name: str, command: Command) -> tuple[float, float, float]:
    start = time.perf_counter()
    process = _start(command)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise SystemExit(f"{name} failed with {process.returncode}:\n{said.decode()}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
