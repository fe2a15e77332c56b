//! Source over MySQL binlogs: dump connection, row decoder, positions, who-resolution.
