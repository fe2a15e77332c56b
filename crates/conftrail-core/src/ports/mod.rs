//! The ports: what the pipeline asks of the outside, each with its contract.

mod accounts;
mod audit;
mod control;
mod deliveries;
mod follow;
mod log;
mod receiver;
mod rule_sets;
mod silences;
mod source;
mod state;

pub use accounts::Accounts;
pub use audit::{
    Aggregate, AggregateRequest, AuditReader, AuditWriter, Bucket, CurrentPage, CurrentRow, Cursor, Facet,
    Histogram, Page, Refusal, Sealer, SearchRequest, WriteReport,
};
pub use control::{
    Alerts, Checkpoints, Claim, ControlStore, Detections, Grouping, LogPlaces, Notifications, OwnAudit,
    RecordReport, Tokens,
};
pub use deliveries::Deliveries;
pub use follow::{FollowRequest, Followed, Recorded};
pub use log::{Batch, ChangeLog, Delivery, LoggedRecord, Retention, Subscription, Undecodable};
pub use receiver::{DeliveryError, Receipt, Receiver};
pub use rule_sets::{PublishedRules, RuleSetFile, RuleSetFiles, RuleSets};
pub use silences::Silences;
pub use source::{Source, SourceBatch, SourceStream};
pub use state::{Ground, Standing, StatePage, StateRequest, StateRow, Why};
