//! The program as a whole.

mod architecture;
mod repository;
