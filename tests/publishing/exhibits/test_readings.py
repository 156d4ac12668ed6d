"""How often the test images were read is counted from what was recorded."""

import json

import pytest

from mnist_lessons.errors import DataError
from mnist_lessons.publishing.exhibits import readings
from mnist_lessons.studies import RECORDS, read_records
from tests.publishing.cards import RESULT


def gpu_of(path, *results):
    parts = [{"outcome": "done", "result": result} for result in results]
    path.write_text(json.dumps({"parts": [*parts, {"outcome": "failed", "result": None}]}))
    return path


def test_networks_of_runs_and_trainings_of_records_are_counted(run_with, tmp_path):
    runs = [run_with({"results": [RESULT, RESULT]}), run_with({"lesson": "two"})]
    scored = {"seeds": [1, 2, 3], "test": {}}
    gpu = gpu_of(tmp_path / "gpu.json", scored, {"seeds": [1], "validation": {}}, {"way": "fit"})
    trained = [record.recipe for record in read_records() if record.test]
    assert readings.block(runs, RECORDS, gpu) == (
        f"At least {2 + len(trained) + 3} networks read them: 2 in the table above, "
        f"{len(trained)} trainings of the recorded study ({len(set(trained))} recipes), "
        "3 trainings of these recipes on a GPU."
    )


def test_what_was_not_recorded_is_not_counted(run_with, tmp_path):
    none = tmp_path / "none"
    assert readings.block([], none, none) == ""
    told = readings.block([run_with({"results": [RESULT]})], none, none)
    assert told == "At least 1 network read them: 1 in the table above."


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"parts": [{}]}'])
def test_a_damaged_record_stops_the_build(content, tmp_path):
    file = tmp_path / "gpu.json"
    file.write_text(content)
    with pytest.raises(DataError, match=r"cannot read gpu\.json"):
        readings.block([], tmp_path / "none", file)
