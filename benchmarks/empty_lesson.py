# %% [markdown]
# # A lesson without work
#
# Executing it takes as long as a kernel takes to start.

# %%
import json
import os
from datetime import UTC, datetime
from pathlib import Path

folder = Path(os.environ["MNIST_LESSONS_RUNS"], "empty_lesson")
folder.mkdir(parents=True)
card = {
    "lesson": "empty_lesson",
    "status": "finished",
    "profile": os.environ["MNIST_LESSONS_PROFILE"],
    "started": datetime.now(UTC).isoformat(),
    "seconds": 0,
    "processor_seconds": 0,
    "device": "cpu",
    "device_name": "cpu",
    "threads": 1,
    "seed": 0,
}
card |= {"versions": {}, "commit": None, "uncommitted_changes": False, "data": None}
card |= {"values": {}, "results": [], "figures": [], "log": []}
(folder / "run.json").write_text(json.dumps(card))
