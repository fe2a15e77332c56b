//! The conftrail program.
fn main() {}
