"""Work beside a server ends when it is told to, whenever that is."""

import subprocess
import sys

# Where a process forks, Python drops what a handler of a signal raises.
STOPPED_WHILE_IT_BEGINS = """if True:
    import multiprocessing, os, signal, socket, time
    from banners.cli.beside import beside
    from banners.cli.stopping import stoppable

    os.register_at_fork(after_in_child=lambda: signal.raise_signal(signal.SIGTERM))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        stoppable(),
        beside(listener, lambda: time.sleep(600)),
    ):
        for process in multiprocessing.active_children():
            process.join()
        print("ended")
"""


def test_work_that_is_stopped_while_it_begins_ends() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_IT_BEGINS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == ("ended\n", "")
