"""Stopping a refresh with Ctrl-C or SIGTERM: at once, with a line in the journal and one for the person.

A refresh may be killed at any point without harm, so to stop it is to take leave and end: nothing is unwound, however
deep in a library the main thread may be. A second thread does it, told by the operating system through a pipe.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from common.errors import StoppedError, Text

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_listeners: list[Callable[[StoppedError], None]] = []


def listen(listener: Callable[[StoppedError], None]) -> None:
    """Call `listener` before this process ends because somebody stopped it."""
    _listeners.append(listener)


@contextmanager
def stoppable(command: str, record: Callable[[StoppedError], None]) -> Iterator[None]:
    """While the block runs, a signal to stop ends the process: `record` writes it down, listeners tell it, the exit
    code is 128 + the signal's number. Without effect outside the main thread, where Python takes no signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    before = {number: signal.signal(number, _noticed) for number in SIGNALS}
    pipe_before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(ours, command, record), daemon=True, name="stopping").start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(pipe_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        theirs.close()  # the thread reads the end, and ends


def _noticed(number: int, frame: object) -> None:
    """Python writes a signal's number into the pipe only where a handler stands."""


def _wait(ours: socket.socket, command: str, record: Callable[[StoppedError], None]) -> None:
    with ours:
        while number := ours.recv(1):
            if number[0] in SIGNALS:
                _end(signal.Signals(number[0]), command, record)


def _end(number: signal.Signals, command: str, record: Callable[[StoppedError], None]) -> None:
    error = StoppedError(
        "stopped",
        Text(f"'{command}' bị dừng ({number.name})", f"'{command}' was stopped ({number.name})"),
        hint=Text(
            "chạy lại lệnh này; những gì dở dang được tự dọn", "run it again; what was half done is cleared by itself"
        ),
    )
    error.exit_code = 128 + number
    try:
        for tell in (record, *_listeners):
            with suppress(Exception):
                tell(error)
        sys.stdout.flush()
    finally:
        os._exit(error.exit_code)
