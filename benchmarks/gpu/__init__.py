"""What the lessons' networks do on a GPU: `python -m benchmarks gpu --help`.

One command of a few minutes for a machine that may have nothing but PyTorch and NumPy: no
installation, no network, no Git. The command itself (`command`) imports no torch. It asks a
process (`worker`) for one part after the other, so that a part that crashes, hangs or leaves CUDA
in a bad state costs that part alone, and writes the record after each.
"""
