//! The baseline of the capture benchmark: mysql_async's `BinlogStream` to the end of the binlog, rows not decoded.
//!
//! `raw_stream URL FIRST-FILE` prints events and seconds as JSON; see bench/README.md.

use std::time::Instant;

use futures_util::StreamExt;
use mysql_async::{BinlogStreamRequest, Conn, Opts, OptsBuilder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: raw_stream URL FIRST-FILE".into());
    };
    let options =
        OptsBuilder::from_opts(Opts::from_url(&url)?).max_allowed_packet(Some(1 << 30)).prefer_socket(false);
    let connection = Conn::new(options).await?;
    let request = BinlogStreamRequest::new(4_100_000_001)
        .with_filename(file.as_bytes())
        .with_pos(4)
        .with_non_blocking();
    let mut stream = connection.get_binlog_stream(request).await?;
    let started = Instant::now();
    let mut events = 0_u64;
    let mut bytes = 0_u64;
    while let Some(event) = stream.next().await {
        let event = event?;
        events += 1;
        bytes += u64::from(event.header().event_size());
    }
    let seconds = started.elapsed().as_secs_f64();
    report(&format!("{{\"events\":{events},\"bytes\":{bytes},\"seconds\":{seconds:.4}}}"));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
fn report(line: &str) {
    println!("{line}");
}
