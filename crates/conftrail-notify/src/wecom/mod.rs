//! WeCom (企业微信): messages of an application to people, and of a robot to a group.

mod answer;
mod app;
mod content;
mod receiver;
mod robot;
mod routing;
mod token;

pub use receiver::Receiver;
pub use routing::problems;
