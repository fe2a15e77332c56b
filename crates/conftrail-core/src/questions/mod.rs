//! Questions that take more than one reading of the trail: who set each part of a content, what one person did, and what
//! belongs to one operation. Each is asked of the reading port alone, so that its answer is the same wherever it is asked.

mod blame;
mod content;
mod lines;
mod person;
mod trail;
mod walk;

#[cfg(test)]
mod tests;

pub use blame::{Blame, BlameForm, BlameLine, How, Touch, blame};
pub use person::{Person, PersonRequest, of_person, person};
pub use trail::{related, trail_query};
