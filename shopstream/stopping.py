"""A command that is told to end does so in order: what it started ends, and the lock is freed.

SIGINT (Ctrl-C), SIGTERM and SIGHUP become an exception in the main thread. A signal that whoever
started the command ignores, as nohup does, is left ignored.
"""

import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_received: list[int] = []


class Stopped(KeyboardInterrupt):
    """The command was told to end; no handler of mere errors may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        # What a shell gives for a command that a signal ended.
        self.exit_code = 128 + number


def heed_signals() -> None:
    """From now on raise Stopped at the first signal; those that follow change nothing."""
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def raise_if_stopped() -> None:
    """Raise Stopped where a signal came and a library made another error of it."""
    if _received:
        raise Stopped(_received[0]) from None


def _stop(number: int, _) -> None:
    first = not _received
    _received.append(number)
    if first:
        raise Stopped(number)
