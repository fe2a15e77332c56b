//! Until when the server keeps what is not read yet.

use conftrail_core::Timestamp;
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use crate::reading::{DEADLINE, Reading, clock as clock_of, config};

const DAY: i64 = 86_400_000_000;

/// Reads on until what is told of the server is as it should be.
async fn until_told(reading: &mut Reading, is_right: impl Fn(Option<Timestamp>) -> bool) {
    let reading_on = async {
        while !is_right(reading.kept_until()) {
            reading.step().await.expect("a batch");
        }
    };
    tokio::time::timeout(DEADLINE, reading_on).await.expect("it is told in time");
}

#[tokio::test]
async fn what_is_not_read_yet_is_kept_for_as_long_as_the_server_is_told_counted_from_what_was_read() {
    for product in [Product::Mysql, Product::Mariadb11] {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        let keep = |seconds: u64| format!("SET GLOBAL binlog_expire_logs_seconds = {seconds}");
        server
            .query(&format!("{}; CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)", keep(86_400)))
            .await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.query("INSERT INTO d.t VALUES (1)").await;
        reading.events_until(1).await;
        reading.catch_up(&server).await;
        let kept = reading.kept_until().expect("a time").micros();
        let clock = clock_of(&server).await;
        assert!((reading.watermark() + DAY..=clock + DAY).contains(&kept), "{product:?}: {kept} at {clock}");

        // Nothing is read, and time goes by: what is not read yet comes nearer to its end.
        let (checkpoint, read) = (reading.checkpoint.clone(), reading.events()[0].time.micros());
        drop(reading);
        server.query("INSERT INTO d.t VALUES (2); DELETE FROM d.t").await;
        let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
        assert_eq!(reading.kept_until().map(Timestamp::micros), Some(read + DAY), "{product:?}: at once");

        // A setting that is changed counts without a new connection.
        server.query(&keep(0)).await;
        until_told(&mut reading, |kept| kept.is_none()).await;
        server.query(&keep(3_600)).await;
        until_told(&mut reading, |kept| kept.is_some_and(|kept| kept.micros() < clock + DAY / 2)).await;
    }
}
