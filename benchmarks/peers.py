"""The same requests by peers: ``generation.py --peers`` runs this in a virtual environment of its own.

``python peers.py TOOL URL COUNT CONCURRENCY`` prints one JSON object: seconds of generating alone, answers, memory, CPU.
``openai`` is a bare AsyncOpenAI loop, ``openai-aiohttp`` the same with the aiohttp transport, ``curator`` is
bespokelabs-curator, which stores its answers too. The bare loops store nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from typing import Any


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Write one text in English whose label is {number}."}]


async def bare(url: str, count: int, concurrency: int, *, aiohttp: bool) -> tuple[float, int]:
    import openai

    http = {"http_client": openai.DefaultAioHttpClient()} if aiohttp else {}
    client: Any = openai.AsyncOpenAI(base_url=url, api_key="none", **http)
    left, answered = iter(range(count)), 0

    async def work() -> None:
        nonlocal answered
        for number in left:
            try:
                answer = await client.chat.completions.create(model="test", messages=messages(number), max_tokens=120)
            except openai.OpenAIError:
                continue  # lost: what a loop without care does; it is counted
            answered += bool(answer.choices[0].message.content)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    seconds = time.perf_counter() - began
    await client.close()
    return seconds, answered


def curator(url: str, count: int, concurrency: int) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"CURATOR_CACHE_DIR": folder, "HF_HOME": folder, "TELEMETRY_ENABLED": "0", "CURATOR_VIEWER": "0"}
        os.environ |= {"OPENAI_API_KEY": "none", "HF_DATASETS_OFFLINE": "1", "CURATOR_DISABLE_RICH_DISPLAY": "1"}
        import tiktoken

        # Its vocabulary would be downloaded at the start; counting letters instead can only make the peer faster.
        words: Any = type("Letters", (), {"encode": staticmethod(lambda text, **_: [0] * (len(text) // 4 + 1))})()
        tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *_: words
        from bespokelabs import curator as library

        class Writer(library.LLM):  # type: ignore[misc, name-defined]
            def prompt(self, row: dict[str, Any]) -> str:
                return str(row["prompt"])

            def parse(self, row: dict[str, Any], response: str) -> dict[str, Any]:
                return {"text": response}

        writer = Writer(
            model_name="gpt-4o-mini",
            backend="openai",
            generation_params={"max_tokens": 120},
            backend_params={
                "base_url": url,
                "max_requests_per_minute": 1_000_000,
                "max_tokens_per_minute": 1_000_000_000,
                "max_concurrent_requests": concurrency,
                "require_all_responses": False,
            },
        )
        rows = [{"prompt": messages(number)[0]["content"]} for number in range(count)]
        began = time.perf_counter()
        made = writer(rows)
        seconds = time.perf_counter() - began
        data = getattr(made, "dataset", made)
        return seconds, sum(1 for row in data if row["text"])


def main() -> None:
    tool, url, count, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    began = time.process_time()
    output = sys.stdout
    sys.stdout = sys.stderr  # peers print to it
    if tool == "curator":
        seconds, answered = curator(url, count, concurrency)
    else:
        seconds, answered = asyncio.run(bare(url, count, concurrency, aiohttp=tool == "openai-aiohttp"))
    used = resource.getrusage(resource.RUSAGE_SELF)
    result = {
        "generating": seconds,
        "answers": answered,
        "memory": used.ru_maxrss / 1024,
        "cpu": time.process_time() - began,
    }
    print(json.dumps(result), file=output)


if __name__ == "__main__":
    main()
