//! The vocabulary's tests at its boundary.

mod masking;
