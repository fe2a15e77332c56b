//! Rules, alert lifecycle and templates: pure, no I/O, time is passed in.
