//! Settings in layers: defaults, file, environment, flags.
