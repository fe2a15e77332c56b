//! seal: signs how far the trail has come, now and then, where a copy of that can be taken.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::PortResult;
use conftrail_core::ports::Sealer;
use tokio_util::sync::CancellationToken;

use crate::Worker;

/// How often the trail is sealed, whether something came or not.
const EVERY: Duration = Duration::from_secs(60);

/// Seals the trail.
pub struct SealWorker {
    sealer: Arc<dyn Sealer>,
}

impl SealWorker {
    /// Makes the worker.
    pub fn new(sealer: Arc<dyn Sealer>) -> Self {
        Self { sealer }
    }
}

#[async_trait]
impl Worker for SealWorker {
    fn name(&self) -> String {
        "seal".to_owned()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        let mut seals = 0_u64;
        while !shutdown.is_cancelled() {
            self.sealer.seal().await?;
            seals += 1;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        Ok(format!("sealed {seals} times"))
    }
}
