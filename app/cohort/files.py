"""Tables in files: read in blocks, written piece after piece.

What is written so far is whole after every piece, so that a run that stopped goes on behind the last one.
"""

import gzip
import io
import json
import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

ROWS = 1 << 16
"""Rows in a block: large enough for Parquet, small enough for memory."""
CSV_BYTES = 1 << 22
"""How much CSV is read at once."""
FORMATS = {"parquet": "parquet", "arrow": "arrow", "feather": "arrow", "arrows": "arrows", "csv": "csv"}
LINES = ("jsonl", "ndjson")
COMPRESSIONS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gz": ("gzip", lambda data: gzip.compress(data, 6, mtime=0)),
    "zst": ("zstd", lambda data: pa.compress(data, "zstd", asbytes=True)),
}


WRONG_ROW = re.compile(r"Expected (\d+) columns, got (\d+)")


class FormatError(Exception):
    """A file that is damaged or of an unknown kind."""


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Raise `FormatError` where a file is not what its name says.

    What Arrow says of it may hold a row, and is not repeated.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, EOFError) as error:
        row = WRONG_ROW.search(str(error))
        where = f": a row has {row[2]} columns, and {row[1]} are right" if row else ""
        raise FormatError(f"{path}: cannot be read as what its name says{where}") from None


def kind_of(name: str, *, written: bool = False) -> tuple[str, str | None]:
    """Return the format and compression that a name says, or raise."""
    *stem, last = name.lower().rsplit("/", 1)[-1].split(".")
    compression = last if last in COMPRESSIONS and stem else None
    kind = (stem[-1] if stem else "") if compression else last
    kind = "jsonl" if kind in LINES else FORMATS.get(kind, "")
    if not kind or (compression and kind not in ("csv", "jsonl")):
        raise FormatError("name it .parquet, .arrow, .arrows, .csv or .jsonl; the last two with .gz or .zst too")
    if written and kind == "arrow":
        raise FormatError("Arrow is written as a stream; name it .arrows")
    return kind, compression


def beside(path: str) -> str:
    """Return where the answers to a file go if nobody says."""
    kind, _ = kind_of(path)
    head, _, name = path.rpartition("/")
    stem, dot, ending = name.partition(".")
    ending = "arrows" if kind == "arrow" else ending
    return f"{head}/{stem}.screened.{ending}" if head else f"{stem}.screened{dot}{ending}"


def rows_of(path: str) -> int | None:
    """Return how many rows a file says it has, or `None`."""
    kind, _ = kind_of(path)
    with readable(path):
        return int(pyarrow.parquet.read_metadata(path).num_rows) if kind == "parquet" else None


def tables(path: str, rows: int = ROWS, coded: Iterable[str] = ()) -> Iterator[pa.Table]:
    """Yield the rows of a Parquet, Arrow or CSV file in blocks.

    Columns of text in `coded` have few values, and are left as Parquet has them: values and numbers.
    """
    with readable(path):
        yield from _tables(path, rows, coded)


IN_TURN: Mapping[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 16}
"""How Parquet is read: what is read ahead would stay to the end, and a large group of rows would be read at once."""


def _tables(path: str, rows: int, coded: Iterable[str]) -> Iterator[pa.Table]:
    kind, compression = kind_of(path)
    match kind:
        case "parquet":
            schema = pyarrow.parquet.read_schema(path)
            texts = [name for name in coded if name in schema.names and pa.types.is_string(schema.field(name).type)]
            with pyarrow.parquet.ParquetFile(path, read_dictionary=texts, **IN_TURN) as file:
                yield from _cut(file.iter_batches(rows, use_threads=False), file.schema_arrow, rows)
        case "csv":
            with pa.input_stream(path, compression=COMPRESSIONS[compression][0] if compression else None) as source:
                head = pyarrow.csv.open_csv(source).schema.names
            with pa.input_stream(path, compression=COMPRESSIONS[compression][0] if compression else None) as source:
                words = pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(head, pa.string()), strings_can_be_null=True, null_values=[""]
                )
                options = pyarrow.csv.ReadOptions(block_size=CSV_BYTES)
                reader = pyarrow.csv.open_csv(source, options, convert_options=words)
                yield from _cut(reader, reader.schema, rows)
        case _:
            with pa.memory_map(path) as source:
                opened = pyarrow.ipc.open_file if kind == "arrow" else pyarrow.ipc.open_stream
                reader = opened(source)
                batches = (reader.get_batch(n) for n in range(reader.num_record_batches)) if kind == "arrow" else reader
                yield from _cut(batches, reader.schema, rows)


def _cut(batches: Any, schema: pa.Schema, rows: int) -> Iterator[pa.Table]:
    """Yield batches in blocks: of no rows one with their columns."""
    is_empty = True
    for batch in batches:
        for start in range(0, batch.num_rows, rows):
            is_empty = False
            yield pa.Table.from_batches([batch.slice(start, rows)])
    if is_empty:
        yield pa.Table.from_batches([], schema)


def opened_lines(path: str) -> BinaryIO:
    """Open a file of JSON Lines, compressed or not."""
    _, compression = kind_of(path)
    opened: BinaryIO = pa.input_stream(path, compression=COMPRESSIONS[compression][0] if compression else None)
    return opened


class Pieces:
    """The writer of one file: tables follow one another."""

    def __init__(self, path: str, plain: Callable[[pa.Table], pa.Table]) -> None:
        """`plain` decodes tables, for what keeps no codes."""
        self._kind, compression = kind_of(path, written=True)
        self._plain = plain
        self._compress: Callable[[bytes], bytes] = COMPRESSIONS[compression][1] if compression else bytes

    @property
    def partial(self) -> str:
        """The ending of the file of pieces, if not the output itself.

        A Parquet file cannot be appended to, so its rows wait as an Arrow stream, coded as they come. Whoever
        changes how changes this ending: a run that was begun otherwise is then refused, not gone on with.
        """
        return ".coded" if self._kind == "parquet" else ""

    def append(self, file: BinaryIO, table: pa.Table) -> None:
        """Append a table to a file that is open to append."""
        first = file.seek(0, io.SEEK_END) == 0
        table = table if self.partial else self._plain(table)
        match self._kind:
            case "csv":
                _write(file, self._compress(_csv(table, header=first)))
            case "jsonl":
                lines = [json.dumps(row, ensure_ascii=False, default=str).encode() for row in table.to_pylist()]
                _write(file, self._compress(b"".join(line + b"\n" for line in lines)))
            case _:
                if first:
                    _write(file, table.schema.serialize())
                for batch in table.combine_chunks().to_batches():
                    sink = pa.BufferOutputStream()
                    with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
                        writer.write_batch(batch)
                    head = table.schema.serialize().size
                    _write(file, sink.getvalue()[head : -len(END)])

    def end(self, file: BinaryIO, path: str) -> None:
        """Append the file's end, or make the file of its pieces."""
        if self._kind == "arrows":
            file.seek(0, io.SEEK_END)
            _write(file, END)
        elif self._kind == "parquet":
            _to_parquet(path + self.partial, path, self._plain)


END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The end of an Arrow stream."""


def _to_parquet(stream: str, path: str, plain: Callable[[pa.Table], pa.Table]) -> None:
    """Write an Arrow stream without its end as a Parquet file.

    Codes become those of Parquet as they are, and the file says what they are read as.
    """
    with pa.OSFile(stream) as source:  # a map would count as memory, all of the file
        reader = pyarrow.ipc.open_stream(source)
        schema = plain(pa.Table.from_batches([], reader.schema)).schema
        columns = _columns(schema)
        coded = [field.name for field in schema if field.type != reader.schema.field(field.name).type]
        few = {*schema.names, *(path for path in columns for name in coded if path.startswith(f"{name}."))}
        few -= {"id", "reference"}
        with pyarrow.parquet.ParquetWriter(
            f"{path}.new",
            reader.schema,
            use_dictionary=[name for name in columns if name in few],  # Arrow reads lists of codes back in part only
            compression={name: "none" if name == "id" else "snappy" for name in columns},
            store_schema=False,
        ) as writer:
            writer.add_key_value_metadata({"ARROW:schema": b64encode(schema.serialize())})
            for batch in reader:
                writer.write_batch(batch)
    os.replace(f"{path}.new", path)


def _columns(schema: pa.Schema) -> list[str]:
    """Return the columns of a Parquet file by their paths."""
    sink = pa.BufferOutputStream()
    pyarrow.parquet.ParquetWriter(sink, schema).close()
    found = pyarrow.parquet.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [found.column(number).path for number in range(len(found))]


def _write(file: BinaryIO, data: bytes | pa.Buffer) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _csv(table: pa.Table, *, header: bool) -> bytes:
    for place, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            words = pa.compute.binary_join(table[field.name].cast(pa.list_(pa.string())), " ")
            table = table.set_column(place, field.name, words)
    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(include_header=header))
    return sink.getvalue()
