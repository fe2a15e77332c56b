//! Following by server-sent events and by JSON, across cuts.

use std::sync::Arc;
use std::time::Duration;

use conftrail_core::own::Role;
use conftrail_core::ports::{AuditWriter as _, Tokens as _};
use conftrail_core::{Event, EventId};
use conftrail_testkit::contract::events::{at, event};

use crate::server::{Server, act, add_filtered, add_token, secret};

const DEADLINE: Duration = Duration::from_secs(30);

async fn record(server: &Server, numbers: std::ops::Range<u64>) -> Vec<EventId> {
    let events: Vec<Arc<Event>> = numbers.map(|number| Arc::new(event(number))).collect();
    server.trail.trail.write(&events).await.unwrap();
    events.iter().map(|event| event.id).collect()
}

/// One stream of server-sent events.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(server: &Server, path: &str, token: &str, last: Option<&str>) -> Self {
        let mut request = server.client().get(server.url(path)).bearer_auth(secret(token));
        request = request.header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// Reads until there are so many events; returns each with its place, and the last place of all.
    async fn until(&mut self, count: usize) -> (Vec<EventId>, String) {
        let read = async {
            loop {
                let (events, last) = self.parsed();
                if events.len() >= count && !last.is_empty() {
                    return (events, last);
                }
                let chunk = self.response.chunk().await.unwrap().expect("the stream goes on");
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        tokio::time::timeout(DEADLINE, read).await.expect("events come")
    }

    fn parsed(&self) -> (Vec<EventId>, String) {
        let (mut events, mut last) = (Vec::new(), String::new());
        // What is not ended by an empty line has not come yet.
        let Some((whole, _)) = self.text.rsplit_once("\n\n") else { return (events, last) };
        for line in whole.lines() {
            if let Some(data) = line.strip_prefix("data:") {
                let event: Event = serde_json::from_str(data.trim()).unwrap();
                events.push(event.id);
            } else if let Some(id) = line.strip_prefix("id:") {
                last = id.trim().to_owned();
            }
        }
        (events, last)
    }
}

#[tokio::test]
async fn nothing_is_missed_or_doubled_across_a_reconnect() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, "/api/v1/events/tail?q=actor:alice", "viewer", None).await;
    let (_, begun) = stream.until(0).await;
    let mut expected = record(&server, 100..103).await;
    let (mut told, _) = stream.until(3).await;
    // Cut off behind the second: the third came, and was not taken.
    let second = {
        let mut ids = stream.text.lines().filter_map(|line| line.strip_prefix("id:")).map(str::trim);
        let places: Vec<String> = ids.by_ref().filter(|id| *id != begun).map(str::to_owned).collect();
        places[1].clone()
    };
    drop(stream);
    told.truncate(2);
    expected.extend(record(&server, 103..106).await);
    let mut again = Stream::open(&server, "/api/v1/events/tail?q=actor:alice", "viewer", Some(&second)).await;
    told.extend(again.until(4).await.0);
    assert_eq!(told, expected);
    expected.extend(record(&server, 106..107).await);
    assert_eq!(again.until(5).await.0, expected[2..]);
}

#[tokio::test]
async fn a_json_answer_waits_until_something_comes() {
    let server = Server::start().await;
    let begun = server.get("/api/v1/events/tail", "viewer").await.ok();
    let place = begun["next"].as_str().unwrap().to_owned();
    let nothing = server.get(&format!("/api/v1/events/tail?after={place}"), "viewer").await.ok();
    assert_eq!((nothing["events"].as_array().unwrap().len(), &nothing["next"]), (0, &begun["next"]));
    let path = format!("/api/v1/events/tail?after={place}&wait=20");
    let (found, expected) = tokio::join!(server.get(&path, "viewer"), record(&server, 100..101));
    assert_eq!(found.ok()["events"][0]["event"]["id"], expected[0].as_str());
    server.get("/api/v1/events/tail?wait=21", "viewer").await.problem(400);
    let foreign = server.get("/api/v1/events/tail?after=f00.1", "viewer").await.problem(400);
    assert_eq!(foreign["parameter"], "cursor");
}

#[tokio::test]
async fn a_stream_shows_the_rows_of_its_token_and_ends_with_it() {
    let server = Server::start().await;
    add_filtered(&server.control, "rows", Role::Viewer, "name:101").await;
    add_token(&server.control, "short", Role::Viewer, None).await;
    let mut stream = Stream::open(&server, "/api/v1/events/tail", "rows", None).await;
    let mut ending = Stream::open(&server, "/api/v1/events/tail", "short", None).await;
    stream.until(0).await;
    ending.until(0).await;
    assert!(server.control.revoke_token("short", at(0), &act("short")).await.unwrap());
    record(&server, 100..103).await;
    assert_eq!(stream.until(1).await.0, [event(101).id]);
    // A token that ended is noticed within ten seconds.
    let ended = async { while ending.response.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(DEADLINE, ended).await.expect("the stream ends");
    // So does a stream when the instance stops.
    server.shutdown.cancel();
    let stopped = async { while stream.response.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(DEADLINE, stopped).await.expect("the stream ends");
}
