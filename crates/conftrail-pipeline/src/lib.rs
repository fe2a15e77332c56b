//! The workers, retry policy and supervision. Knows only ports.
