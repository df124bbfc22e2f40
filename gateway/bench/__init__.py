"""The benchmarks behind ``pop-gateway bench``: each beside a baseline of the same run, since machines differ and are noisy."""
