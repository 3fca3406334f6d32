"""The bundled prices, and what a job may use."""

from __future__ import annotations

from datetime import date

import pytest

from workbench.models.limits import FREE, Budget, Prices, Usage, known
from workbench.models.limits.prices import _table


def test_prices_are_per_million_tokens_and_unknown_is_not_nothing() -> None:
    assert Prices(0.4, 1.6).cost(500_000, 250_000) == pytest.approx(0.2 + 0.4)
    assert Prices(0.4, None).cost(1, 1) is None
    assert FREE.cost(10**9, 10**9) == 0
    assert (Usage(1, 10, 5, 0.5) + Usage(2, 20, 10, 0.25)) == Usage(3, 30, 15, 0.75)
    assert (Usage(cost=0.5) + Usage(cost=None)).cost is None


def test_budget_refuses_before_the_request_that_would_exceed_it() -> None:
    used = Usage(requests=9, input_tokens=900, output_tokens=50, cost=0.99)
    assert Budget().refuses(used) is None
    assert Budget(requests=10, tokens=1000, money=1.0).refuses(used, Usage(1, 30, 20, 0.01)) is None
    assert "10 requests" in str(Budget(requests=10).refuses(used, Usage(2)))
    assert "1,000 tokens" in str(Budget(tokens=1000).refuses(used, Usage(1, 30, 21)))
    assert "$1.00" in str(Budget(money=1.0).refuses(used, Usage(1, cost=0.02)))
    assert "prices are unknown" in str(Budget(money=1.0).refuses(Usage(), Usage(1, cost=None)))


def test_a_budget_says_what_was_used_and_what_the_next_request_may_take() -> None:
    used = Usage(requests=3, input_tokens=900, output_tokens=50, cost=0.99)
    more = Usage(1, 30, 21, 0.02)
    assert Budget(tokens=1000).refuses(used, more) == (
        "The budget of 1,000 tokens is used up (950 used, the next request may take 51): raise it to go on."
    )
    assert Budget(money=0.00001).refuses(Usage(), Usage(1, cost=0.02)) == (
        "The budget of $0.000010 is used up ($0.0000 spent, the next request may cost $0.0200): raise it to go on."
    )
    assert Budget(requests=4, tokens=1001, money=1.01).refuses(used, more) is None  # exactly the budget is not too much


def test_what_is_under_way_can_be_taken_back() -> None:
    under_way = Usage(1, 10, 5, 0.5) + Usage(2, 20, 10, 0.25)
    assert under_way - Usage(1, 10, 5, 0.5) == Usage(2, 20, 10, 0.25)
    assert (under_way - Usage(1, cost=None)).cost is None
    assert under_way.tokens == 45


@pytest.mark.parametrize(
    ("model", "host", "listed"),
    [
        ("gpt-4o-mini", "api.openai.com", "gpt-4o-mini"),
        ("GPT-4o-mini-2024-07-18", "eu.api.openai.com:443", "gpt-4o-mini"),  # a version; below a listed host
        ("claude-sonnet-4-5-20250929", "api.anthropic.com", "claude-sonnet-4-5"),  # the longest name counts
        ("claude-sonnet-4-20250514", "api.anthropic.com", "claude-sonnet-4"),
        ("mistral-small-latest", "api.mistral.ai", "mistral-small-latest"),
        ("gpt-4o-audio", "api.openai.com", None),  # no version, but another model
        ("o3-pro", "api.openai.com", None),
        ("mistral-large-2411", "api.mistral.ai", None),  # a generation of another price
        ("gpt-4o", "localhost:8000", None),  # what a local server calls gpt-4o costs nothing known
        ("gpt-4o", "api.openai.com.example.org", None),
        ("gpt-4o", "notapi.openai.com", None),
        ("claude-sonnet-4-5", "api.openai.com", None),
        ("", "", None),
    ],
)
def test_a_listed_price_needs_the_providers_host_and_the_models_name(model: str, host: str, listed: str | None) -> None:
    found = known(model, host)
    assert (found.model if found else None) == listed


def test_a_batch_costs_a_known_share_or_nothing_that_is_known() -> None:
    mini = known("gpt-4.1-mini", "api.openai.com")
    assert mini is not None
    assert mini.prices.cost(1_000_000, 500_000) == pytest.approx(0.40 + 0.80)
    assert mini.batch_factor is not None
    assert mini.prices.times(mini.batch_factor).cost(1_000_000, 500_000) == pytest.approx(0.60)
    without = known("deepseek-flash", "api.deepseek.com")
    assert without is not None
    assert without.batch_factor is None


def test_every_listed_price_has_a_date_and_a_source() -> None:
    for provider in _table():
        assert provider["hosts"]
        for name in provider["models"]:
            assert name == name.lower()
            found = known(name, provider["hosts"][0])
            assert found is not None
            assert found.model == name
            assert date.fromisoformat(found.as_of) > date(2025, 1, 1)
            assert found.source.endswith(".")
            assert found.prices.input is not None
            assert found.prices.input > 0
            assert found.prices.output is not None
            assert found.prices.output >= 0
