"""Treatment responses: what the answers mean (``answers``), how they were found (``methods``), and the mapper."""
