//! The program as a library: configuration, assembly and commands.
