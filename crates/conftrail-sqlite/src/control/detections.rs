//! What rules found. The hot path of detect: one insert for each detection, known ids add nothing.

use async_trait::async_trait;
use conftrail_core::PortResult;
use conftrail_core::alerting::Detection;
use conftrail_core::ports::{Detections, RecordReport};
use rusqlite::{Connection, params};

use super::ControlStore;
use super::json;
use crate::error::{During as _, Error};

#[async_trait]
impl Detections for ControlStore {
    async fn record_detections(&self, detections: &[Detection]) -> PortResult<RecordReport> {
        if detections.is_empty() {
            return Ok(RecordReport::default());
        }
        let detections = detections.to_vec();
        let recording = self.database.write(move |connection| record(connection, &detections));
        recording.await.during("record detections")
    }
}

fn record(connection: &Connection, detections: &[Detection]) -> Result<RecordReport, Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO detections (id, detected, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO NOTHING",
    )?;
    let mut report = RecordReport::default();
    for detection in detections {
        let row = params![detection.id, detection.detected.micros(), json::encode(detection)];
        if insert.execute(row)? > 0 {
            report.new += 1;
        } else {
            report.known += 1;
        }
    }
    Ok(report)
}
