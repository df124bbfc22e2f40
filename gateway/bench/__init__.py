"""The benchmarks behind ``pop-gateway bench``: each beside a baseline measured in the same run, since machines differ and are noisy."""
