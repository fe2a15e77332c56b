//! HTTP API, metrics and health. Reads ports, never adapters.
