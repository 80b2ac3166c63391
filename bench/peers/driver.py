"""The calls of libcuda that a launch needs, in the context that torch has made current."""

import ctypes
from collections.abc import Sequence
from typing import Any

# CUjit_option: the JIT compiler's error text, and the size of the memory for it.
ERROR_LOG, ERROR_LOG_BYTES = 5, 6


class DriverError(RuntimeError):
    """The driver refused something."""


class Driver:
    def __init__(self) -> None:
        self._library = ctypes.CDLL("libcuda.so.1")

    def load(self, image: bytes, entry: str, name: str) -> ctypes.c_void_p:
        """A function of a module: PTX text or a cubin."""
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        log = ctypes.create_string_buffer(8192)
        options = (ctypes.c_int * 2)(ERROR_LOG, ERROR_LOG_BYTES)
        values = (ctypes.c_void_p * 2)(ctypes.cast(log, ctypes.c_void_p), ctypes.c_void_p(len(log)))
        status = self._library.cuModuleLoadDataEx(
            ctypes.byref(module), ctypes.c_char_p(image + b"\0"), 2, options, values)
        self._check(f"cuModuleLoadDataEx({name})", status, log.value.decode(errors="replace"))
        status = self._library.cuModuleGetFunction(ctypes.byref(function), module, entry.encode())
        self._check(f"cuModuleGetFunction({entry})", status)
        return function

    def launch(
            self, function: ctypes.c_void_p, grid: Sequence[int], block: int, shared_bytes: int, parameters: Sequence[Any],
            stream: int) -> None:
        """`parameters` are ctypes objects; the driver copies them before it returns."""
        pointers = (ctypes.c_void_p * len(parameters))(
            *(ctypes.cast(ctypes.pointer(parameter), ctypes.c_void_p) for parameter in parameters))
        x, y, z = (*grid, 1, 1)[:3]
        status = self._library.cuLaunchKernel(
            function, ctypes.c_uint(x), ctypes.c_uint(y), ctypes.c_uint(z), ctypes.c_uint(block), 1, 1,
            ctypes.c_uint(shared_bytes), ctypes.c_void_p(stream), pointers, None)
        self._check("cuLaunchKernel", status)

    def allow_shared(self, function: ctypes.c_void_p, bytes_of_block: int) -> None:
        """More dynamic shared memory than the 48 KB that every kernel may have."""
        status = self._library.cuFuncSetAttribute(function, ctypes.c_int(8), ctypes.c_int(bytes_of_block))
        self._check("cuFuncSetAttribute", status)

    def _check(self, call: str, status: int, detail: str = "") -> None:
        if status == 0:
            return
        text = ctypes.c_char_p()
        self._library.cuGetErrorString(status, ctypes.byref(text))
        said = (text.value or b"unknown error").decode()
        raise DriverError(f"{call} returned {status}: {said}{': ' + detail if detail else ''}")
