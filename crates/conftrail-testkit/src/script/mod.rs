//! Scripted sources and receivers: simple, honest, with the faults a test asks for.

mod event;
mod receiver;
mod source;

pub use event::file_event;
pub use receiver::{Answer, ScriptedReceiver};
pub use source::{ScriptedSource, Step};
