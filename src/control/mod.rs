//! The catalogue of controls as data: ids, titles, prescribed patterns, defaults.
