"""The process behind tests/warm.py: it imports everything once, and its children begin with that.

It has one thread and runs nothing of ours itself. It ends when whoever started it does: its standard input
closes then.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import threading
import traceback
from pathlib import Path

HEAD = struct.Struct("!I")  # bytes of what follows


def main(address: str) -> None:
    """Listen at a path, and fork a child for each that connects, until standard input closes."""
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(address)
        listener.listen(32)
        asleep, awake = os.pipe()
        for end in (asleep, awake):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(awake, warn_on_full_buffer=False)
        for what in (listener, asleep, sys.stdin.fileno()):
            selector.register(what, selectors.EVENT_READ)
        clients: dict[int, socket.socket] = {}
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if sys.stdin.fileno() in ready:
                return
            if asleep in ready:
                os.read(asleep, 4096)
            if listener in ready:
                _serve(listener, clients, Path(address).parent)
            _reap(clients, Path(address).parent)


def _serve(listener: socket.socket, clients: dict[int, socket.socket], folder: Path) -> None:
    """Fork the child that somebody asks for, and tell its number."""
    from tests import preloaded

    client, _ = listener.accept()
    told, ends = _receive(client)
    if told is None:  # whoever asked has been killed meanwhile
        client.close()
        return
    pid = os.fork()
    if not pid:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _become(told, ends)
        for each in (listener, client, *clients.values()):
            each.close()
        code = _run(told["code"])
        preloaded.give_back(folder)
        os._exit(code)
    for end in ends:
        os.close(end)
    clients[pid] = client
    with contextlib.suppress(OSError):
        client.sendall(HEAD.pack(pid))


def _receive(client: socket.socket) -> tuple[dict | None, list[int]]:
    """What is asked for, None when not all of it came, and the ends of its three streams."""
    head, ends, _, _ = socket.recv_fds(client, HEAD.size, 3, socket.MSG_WAITALL)
    missing, parts = HEAD.unpack(head)[0] if len(head) == HEAD.size else 0, []
    while missing and (part := client.recv(missing)):
        parts.append(part)
        missing -= len(part)
    if missing or not parts:
        for end in ends:
            os.close(end)
        return None, []
    return json.loads(b"".join(parts)), ends


def _reap(clients: dict[int, socket.socket], folder: Path) -> None:
    """Tell of each child that has ended how: as `subprocess` gives it."""
    from tests import preloaded

    while clients:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        preloaded.take(folder, pid)
        # Whoever asked may have been killed.
        with clients.pop(pid) as client, contextlib.suppress(OSError):
            client.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(told: dict, ends: list[int]) -> None:
    """The process that was asked for: its words, environment, folder, and where it prints."""
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["cwd"])
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    # The streams of before remember what their ends could do: a file can seek, a pipe cannot.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = list(told["words"])


def _run(code: str) -> int:
    """What Python does with `-c code`; gives its exit code."""
    try:
        exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})
        ended = 0
    except SystemExit as end:
        ended = end.code if isinstance(end.code, int) else int(end.code is not None)
        if not isinstance(end.code, int | None):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        ended = 1
    threading._shutdown()  # type: ignore[attr-defined]
    # As any process ends: dbt closes its databases there, and what they logged comes into their files.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return ended & 0xFF


if __name__ == "__main__":
    main(sys.argv[1])
