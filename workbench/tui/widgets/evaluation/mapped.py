"""The data map of the training dynamics that curation stored, its regions one key away from their samples."""

from __future__ import annotations

from textual.content import Content

from workbench.tui.widgets import charts
from workbench.tui.widgets.charts import MUTED, STRONG
from workbench.tui.widgets.curation.data_map import REGIONS, WHERE, DataMap
from workbench.tui.widgets.evaluation.sheet import Sheet, Target

#: What a region is good for (Swayamdipta et al. 2020).
MEANS = {
    "easy": "learnt at once",
    "ambiguous": "learnt now and then",
    "hard": "hardly learnt",
}


def figures(found: DataMap | None, width: int, *, picked: str = "", high: bool = True) -> Sheet:
    """The picture with the region under the cursor, and the regions with their counts."""
    made = Sheet()
    if found is None or not found.total:
        told = (
            "No data map yet: a step with training dynamics (training_dynamics, cllm, wanli) measures how a classifier "
            "learns each sample; F4 adds one to the chain."
        )
        made.add(*charts.prose(told, width, MUTED))
        return made
    made.head(charts.fit("Data map: how a classifier learns each sample", width).rstrip(), STRONG)
    if picked in found.regions:
        found.pick(picked)
    lines = found.figure(width, 6 if high else 3)
    made.add(*lines[:-2], Content(""))  # its own words about the box are said below
    for name in REGIONS:
        if name not in found.regions:
            continue
        region = found.regions[name]
        line = Content.assemble(
            charts.fit(name, 10), (f"{region.count:>9,}", STRONG), (f"  {WHERE[name]:<6}  {MEANS[name]}", MUTED)
        )
        found.pick(name)
        target = Target("view", found.slice(None))
        made.put(line[:width], f"region {name}", f"the {region.count:,} {name} samples", target, 0, 19)
    found.pick(picked if picked in found.regions else "ambiguous")
    told = (
        "Easy ones help training to converge, ambiguous ones help most on new data, among hard ones are wrong labels."
    )
    made.add(Content(""), *charts.prose(told, width, MUTED))
    return made
