"""``pop-gateway import``: bundles, single resources, NDJSON, gzip, whole folders; streaming, with a bounded memory."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from gateway.config import LimitSettings
from gateway.errors import BadInput, InputRejected
from gateway.intake import receive
from gateway.intake.item import Delivery, Item, Receipt, delivery_digest, resource_item
from gateway.intake.outcome import issue
from gateway.intake.parse import bare, parse
from gateway.intake.writer import Intake

#: One delivery of an NDJSON file holds at most so many lines and bytes (field notes §1 *Content*: bound by bytes, not count).
CHUNK_LINES, CHUNK_BYTES = 500, 2 * 2**20
#: Deliveries on their way at the same time: one is committed while the next is parsed.
IN_FLIGHT = 3
SUFFIXES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz", ".jsonl.gz")


@dataclass
class ImportSummary:
    """What an import did."""

    files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    """Resources by state."""
    problems: list[str] = field(default_factory=list)
    """Files, or parts of files, that could not be read: name and reason."""

    @property
    def resources(self) -> int:
        """Resources that were read."""
        return sum(self.counts.values())


Progress = Callable[[int], None]


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files below the paths, sorted. Raises BadInput for a path that does not exist or holds nothing to import."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(item for item in path.rglob("*") if item.is_file() and item.name.lower().endswith(SUFFIXES))
            if not inside:
                raise BadInput(f"{path} holds no {', '.join(SUFFIXES)} file")
            found.extend(inside)
        elif path.is_file():
            found.append(path)
        else:
            raise BadInput(f"{path} does not exist")
    return found


async def import_paths(
    intake: Intake, paths: Iterable[Path], *, source: str, limits: LimitSettings, progress: Progress | None = None
) -> ImportSummary:
    """Import everything below the paths. A bad file or line never stops the rest; ``progress`` is told bytes as they are
    read from disk."""
    summary = ImportSummary()
    flying: set[asyncio.Task[Receipt]] = set()

    async def land(below: int) -> None:
        nonlocal flying
        while len(flying) > below:
            done, flying = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                summary.counts.update(task.result().counts)

    async def refuse(path: Path, error: InputRejected) -> None:
        summary.problems.append(f"{path.name}: {error}")
        summary.counts["invalid"] += 1
        # The file's name may be a patient's: what is kept of it is a digest, as the key of the delivery.
        name = str(path).encode()
        await intake.submit(
            receive.rejected_delivery(name, error, source=source, channel="import", interaction="import")
        )

    try:
        for path in find_files(paths):
            summary.files += 1
            try:
                for delivery, size in _deliveries(path, source, limits):
                    await land(IN_FLIGHT - 1)
                    flying.add(asyncio.create_task(intake.submit(delivery)))
                    # Parsing is CPU work in this thread: let the committing task run in between.
                    await asyncio.sleep(0)
                    if progress is not None:
                        progress(size)
            except InputRejected as error:
                await refuse(path, error)
            except (OSError, EOFError, zlib.error) as error:
                text = f"cannot be read to its end ({type(error).__name__}): what came before is stored"
                await refuse(path, InputRejected(text, issue="incomplete"))
        await land(0)
    finally:
        # After a failure of the store: those on their way end too, and their failure is the one that is being raised.
        await asyncio.gather(*flying, return_exceptions=True)
    return summary


def _open(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """(stream, the file below it, whose position tells the progress)."""
    raw = path.open("rb")
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=raw)), raw
    return raw, raw


def _deliveries(path: Path, source: str, limits: LimitSettings) -> Iterator[tuple[Delivery, int]]:
    stream, raw = _open(path)
    with raw, stream:
        name = path.name.lower().removesuffix(".gz")
        if name.endswith((".ndjson", ".jsonl")):
            yield from _lines(stream, raw, source, limits)
            return
        body = stream.read(limits.body_bytes + 1)
        delivery = receive.bundle_delivery(body, source=source, channel="import", limits=limits, interaction="import")
        yield delivery, raw.tell()


def _lines(stream: IO[bytes], raw: IO[bytes], source: str, limits: LimitSettings) -> Iterator[tuple[Delivery, int]]:
    items: list[Item] = []
    size = told = position = 0
    parts: list[bytes] = []
    while True:
        line = stream.readline(limits.resource_bytes + 2)
        if line.strip():
            items.append(_line_item(line, stream, position, source, limits))
            parts.append(line)
            size += len(line)
            position += 1
        if items and (not line or len(items) >= CHUNK_LINES or size >= CHUNK_BYTES):
            digest = delivery_digest(source, "import", b"".join(parts))
            delivery = Delivery(
                source=source, channel="import", interaction="import", digest=digest, items=items, answer=_no_answer
            )
            yield delivery, raw.tell() - told
            items, parts, size, told = [], [], 0, raw.tell()
        if not line:
            return


def _line_item(line: bytes, stream: IO[bytes], position: int, source: str, limits: LimitSettings) -> Item:
    if len(line) > limits.resource_bytes and not line.endswith(b"\n"):
        while (rest := stream.readline(2**20)) and not rest.endswith(b"\n"):
            pass
        problem = issue(f"line {position + 1} is longer than {limits.resource_bytes} bytes", code="too-long")
        return Item(position=position, type="", id="", json=None, raw=b"", valid=False, issues=[problem])
    content = bare(line)
    try:
        lenient = source in limits.lenient_sources
        return resource_item(
            parse(content, limits), content, position=position, limit=limits.resource_bytes, lenient=lenient
        )
    except InputRejected as error:
        problem = issue(f"line {position + 1}: {error}", code=error.issue)
        return Item(position=position, type="", id="", json=None, raw=content, valid=False, issues=[problem])


def _no_answer(_: list[Item]) -> dict[str, object]:
    return {"status": 200, "body": None}
