//! How far the server's clock may be believed to be read.

use conftrail_core::{PortResult, Timestamp};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Duration, Interval, MissedTickBehavior, interval};

use super::position::Place;
use crate::control::{Control, ControlError, LogEnd};

/// How often the server's clock and the end of its log are asked for.
const EVERY: Duration = Duration::from_secs(1);

/// The server's clock, and the end of its log that must be passed for the clock to be the watermark.
pub(super) struct Watermark {
    control: Asked,
    ticks: Interval,
    mark: Option<(Place, Timestamp)>,
    /// How long the server keeps its binlog; none when until somebody purges it.
    kept: Option<Duration>,
}

/// The clock and, asked after it, the end of the log, and how long that is kept.
type Answer = Result<((Timestamp, LogEnd), Option<Duration>), ControlError>;

/// The connection, at rest or answering.
enum Asked {
    AtRest(Control),
    Answering(BoxFuture<'static, (Control, Answer)>),
    /// Its last answer was an error: the reading ends.
    Gone,
}

impl Watermark {
    pub(super) fn new(control: Control, kept: Option<Duration>) -> Self {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { control: Asked::AtRest(control), ticks, mark: None, kept }
    }

    /// Returns how long the server keeps its binlog, as of the last answer; none when until somebody purges it.
    pub(super) fn kept(&self) -> Option<Duration> {
        self.kept
    }

    /// Says whether an answer is on record that was not reached yet.
    pub(super) fn is_marked(&self) -> bool {
        self.mark.is_some()
    }

    /// Waits for the next tick, and for the answer then. Whoever stops waiting and comes back waits for the same answer:
    /// a server that takes its time keeps nobody from what is read meanwhile.
    pub(super) async fn ask(&mut self) -> PortResult<()> {
        if matches!(self.control, Asked::AtRest(_)) {
            self.ticks.tick().await;
            if let Asked::AtRest(mut control) = std::mem::replace(&mut self.control, Asked::Gone) {
                let answering = async move {
                    let answer = ask(&mut control).await;
                    (control, answer)
                };
                self.control = Asked::Answering(answering.boxed());
            }
        }
        if let Asked::Answering(answering) = &mut self.control {
            let (control, answer) = answering.await;
            self.control = Asked::Gone;
            let ((clock, end), kept) = answer?;
            self.kept = kept;
            self.control = Asked::AtRest(control);
            self.mark = Some((Place::new(end.file, end.position), clock));
        }
        Ok(())
    }

    /// Returns the clock once its end of the log is reached, once.
    pub(super) fn reached(&mut self, place: &Place) -> Option<Timestamp> {
        let (end, _) = self.mark.as_ref()?;
        if place.partial_cmp(end).is_some_and(|order| order.is_ge()) {
            self.mark.take().map(|(_, clock)| clock)
        } else {
            None
        }
    }
}

async fn ask(control: &mut Control) -> Answer {
    Ok((control.clock_and_log_end().await?, control.binlog_kept().await?))
}
