//! The program as a whole.

mod architecture;
mod at;
mod check;
mod cli;
mod config;
mod docs;
mod maxwell;
mod receivers;
mod reload;
mod repository;
mod routes;
mod rules;
mod start;
mod unreadable;
mod verify;
