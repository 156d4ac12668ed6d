"""The files of the datasets, for a machine that cannot fetch them."""

from mnist_lessons._datasets import CLOTHES, MNIST
from mnist_lessons.publishing.exhibits.datasets import block


def test_each_file_has_its_address_its_folder_and_the_sum_of_what_is_fetched():
    _, _, *rows = block().splitlines()
    files = [(dataset, file) for dataset in (MNIST, CLOTHES) for file in dataset.files]
    for row, (dataset, file) in zip(rows, files, strict=True):
        assert f"[{file.name}.gz]({dataset.mirrors[0]}{file.name}.gz)" in row
        assert f"<code>{dataset.folder.as_posix()}/</code>" in row
        assert f" {file.packed_size:,} " in row
        assert f"<code>{file.packed_sha256}</code>" in row
