//! The workers over the embedded engines, with scripted sources and receivers.

mod delivery;
mod flow;
mod rig;
