"""A stand-in for torch, which takes seconds to import: what the embedding process uses of it with the library."""

float32 = "float32"


def set_num_threads(_threads: int) -> None:
    pass
