"""Human and machine-written demonstrations, mixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.generate.parts import DEMONSTRATIONS, Example, Pool, Setting


@DEMONSTRATIONS.register("seeds_and_generated")
def seeds_and_generated(
    setting: Setting, ordinal: int, conditions: Mapping[str, Any], pool: Pool, options: Mapping[str, Any]
) -> list[Example]:
    """``human`` seeds and ``machine`` texts of earlier waves with the wanted label, drawn without replacement and shuffled.

    Self-Instruct (Wang et al. 2022, section 2.2): 6 human-written and 2 model-generated; seeds fill in while there are
    too few generated ones.
    """
    rng = setting.random("demonstrations", ordinal)
    seeds = setting.seeds_of(str(conditions["label"]))
    generated = pool.generated.get(str(conditions["label"]), [])
    machine = rng.sample(generated, min(int(options["machine"]), len(generated)))
    wanted = int(options["human"]) + int(options["machine"]) - len(machine)
    chosen = [*rng.sample(seeds, min(wanted, len(seeds))), *machine]
    rng.shuffle(chosen)
    return chosen
