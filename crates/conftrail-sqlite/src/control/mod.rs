//! The control store on SQLite: `control.db`.

mod store;

mod acts;
mod alerts;
mod asides;
mod checkpoints;
mod detections;
mod json;
mod ledger;
mod log_places;
mod notification;
mod outbox;
mod retention;
mod silences;
mod tokens;

pub use store::ControlStore;
