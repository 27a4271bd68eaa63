"""Work out an answer once, however many ask for it at the same time, and keep the latest ones."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """A function whose answers are kept; who asks for one that is on its way waits for it."""

    def __init__(self, compute: Callable[[K], V], *, most: int) -> None:
        self._compute = compute
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[K, Future[V]] = OrderedDict()

    def __call__(self, key: K) -> V:
        """Answer; what fails is not kept, and fails for all who wait for it."""
        with self._lock:
            future = self._kept.get(key)
            is_mine = future is None
            if future is None:
                future = self._kept[key] = Future()
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
            else:
                self._kept.move_to_end(key)
        if not is_mine:
            return future.result()
        try:
            future.set_result(self._compute(key))
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) is future:
                    del self._kept[key]
            future.set_exception(error)
            raise
        return future.result()
