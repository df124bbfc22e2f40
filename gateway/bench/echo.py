"""The least that any server for POP's writes does over HTTP: read JSON, answer JSON. ``python -m gateway.bench.echo``."""

from __future__ import annotations

import asyncio
import sys
import uuid

import orjson
from aiohttp import web

from adapters.sandbox.serving import serving


async def create(request: web.Request) -> web.Response:
    """Parse, store nothing, answer like a create."""
    orjson.loads(await request.read())
    body = {"id": str(uuid.uuid4()), "description": "nothing"}
    return web.Response(body=orjson.dumps(body), status=201, content_type="application/json")


async def main() -> None:
    """Serve until the process is ended; the address goes to stderr."""
    application = web.Application()
    application.router.add_post("/{path:.*}", create)
    async with serving(application, host="127.0.0.1", port=0) as address:
        print(f"echo at {address}", file=sys.stderr, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
