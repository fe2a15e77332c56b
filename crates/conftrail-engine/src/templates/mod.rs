//! Message templates: Handlebars with one escape function for each channel, strict, checked at load.

mod check;
mod escape;
mod helpers;
mod sample;
mod template;

pub use template::{Channel, Template, TemplateError};

pub(crate) use sample::{Fill, context, sample};
