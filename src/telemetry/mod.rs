//! What leaves the process: logs, metrics, HTTP endpoints, reports.
