"""HTTP: intake (``/fhir``, ``/hooks``), the gateway's own API (``/api/v1``), the console (``/``), health and metrics."""
