//! The loop: feed, coalescing, sweep, supervision, shutdown.
