"""Words of variable length in HDF5 files, read without the HDF5 library, which believes what a damaged file says.

A data set holds, for each word, its length (4 bytes), the place in the file of a global heap (8 bytes), and the word's
number in that heap (4 bytes). The library allocates as many bytes as the length says, up to 4 GB a word, and goes round
for ever in a heap whose entry has no size. Here nothing is believed that does not lie within the file.

Source:
    HDF5 file format specification 3.0, III.E, https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from bayes_irl._checks import InputError

MAX_WORDS = 1_000_000
_ADDRESS = 8  # bytes of a place in a file
_WORD = np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])
_HEAD = 16  # bytes before a heap's first entry, and before the content of each entry
_DEFLATE = 1  # the number of gzip among the library's filters


def read_words(dataset: Any) -> np.ndarray:
    """Return a list of words.

    Raises:
        InputError: If they are too many, of an uncommon kind, or do not lie within the file.
    """
    path = dataset.file.filename
    uncommon = dataset.file.id.get_create_plist().get_sizes()[0] != _ADDRESS or dataset.file.userblock_size
    if uncommon or len(dataset.shape) > 1 or dataset.size > MAX_WORDS:
        got = f"{dataset.size:,} of shape {dataset.shape} in {dataset.name}"
        raise InputError.of("path", f"a list of at most {MAX_WORDS:,} words", got)
    places = np.zeros(dataset.size, _WORD)
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        for first, part in _stored(dataset, file, size):
            known = np.frombuffer(part[: len(part) // _WORD.itemsize * _WORD.itemsize], _WORD)[: dataset.size - first]
            places[first : first + len(known)] = known
        heaps: dict[int, dict[int, bytes]] = {}
        words = []
        for length, heap, number in places.tolist():
            if length and heap not in heaps:
                heaps[heap] = _read_heap(file, heap, size)
            words.append(heaps[heap].get(number, b"")[:length] if length else b"")
    return np.array([word.decode("utf-8", "replace") for word in words], dtype=np.str_).reshape(dataset.shape)


def _stored(dataset: Any, file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield the first row and the bytes of each part of a data set that is in the file."""
    if dataset.chunks is None:
        offset = dataset.id.get_offset()
        if offset is None and dataset.id.get_storage_size():
            raise InputError.of("path", f"words of {dataset.name} outside its header", "words in it")
        if offset is not None:
            yield 0, _bytes_at(file, offset, min(_WORD.itemsize * dataset.size, size))
        return
    pipeline = dataset.id.get_create_plist()
    filters = [pipeline.get_filter(k)[0] for k in range(pipeline.get_nfilters())]
    if set(filters) - {_DEFLATE}:
        raise InputError.of("path", f"words of {dataset.name} without compression, or gzip", f"filters {filters}")
    for k in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(k)
        part = _bytes_at(file, chunk.byte_offset, min(chunk.size, size))
        if filters:
            part = zlib.decompressobj().decompress(part, _WORD.itemsize * dataset.chunks[0])
        if chunk.chunk_offset[0] < dataset.size:
            yield int(chunk.chunk_offset[0]), part


def _read_heap(file: BinaryIO, address: int, size: int) -> dict[int, bytes]:
    """Return the contents of a global heap by their numbers."""
    head = _bytes_at(file, address, _HEAD) if address <= size - _HEAD else b""
    length = struct.unpack("<Q", head[8:])[0] if len(head) == _HEAD else 0
    if head[:4] != b"GCOL" or not _HEAD <= length <= size - address:
        raise InputError.of("path", "words that lie within the file", f"a damaged heap at byte {address}")
    content = _bytes_at(file, address, length)
    found, at = {}, _HEAD
    while at + _HEAD <= len(content):
        number, used = struct.unpack("<H6xQ", content[at : at + _HEAD])
        if number == 0:  # the rest is free
            break
        found[number] = content[at + _HEAD : at + _HEAD + min(used, length)]
        at += _HEAD + (min(used, length) + 7) // 8 * 8
    return found


def _bytes_at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
