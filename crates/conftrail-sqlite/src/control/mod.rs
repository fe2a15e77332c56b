//! The control store on SQLite: `control.db`.

mod store;

mod accounts;
mod acts;
mod alerts;
mod asides;
mod checkpoints;
mod deliveries;
mod detections;
mod json;
mod ledger;
mod log_places;
mod notification;
mod outbox;
mod pace;
mod retention;
mod rule_sets;
mod silences;
mod tokens;

pub use store::ControlStore;
