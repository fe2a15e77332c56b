//! What each route is for, what it is asked with, and what it answers.

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: &'static str,
    /// `query` or `header`.
    pub(super) place: &'static str,
    /// Its type in JSON's words.
    pub(super) kind: &'static str,
    /// Whether it must be there.
    pub(super) required: bool,
    /// What it says.
    pub(super) what: &'static str,
}

/// What comes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// No content.
    Nothing,
    /// JSON of a schema.
    Json(&'static str),
    /// Text of a media type.
    Text(&'static str),
    /// JSON of a schema, or server-sent events for whoever accepts them.
    Stream(&'static str),
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// The schema of the body.
    pub(super) body: Option<&'static str>,
    /// The status of success.
    pub(super) status: u16,
    pub(super) answer: Answer,
    /// Statuses of refusals beside those that every route has.
    pub(super) also: &'static [u16],
}

/// Returns the page of a route.
pub(super) fn of(method: &str, path: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.method == method && page.path == path)
}

const fn asked(name: &'static str, what: &'static str) -> Parameter {
    Parameter { name, place: "query", kind: "string", required: false, what }
}

const fn needed(name: &'static str, what: &'static str) -> Parameter {
    Parameter { required: true, ..asked(name, what) }
}

const fn number(name: &'static str, what: &'static str) -> Parameter {
    Parameter { kind: "integer", ..asked(name, what) }
}

const Q: Parameter = asked("q", "what must hold, in the query language; absent means everything");
const SINCE: Parameter = asked("since", "at or after this: RFC 3339, yyyy-MM-dd or now-N(m|h|d|w)");
const UNTIL: Parameter = asked("until", "before this");
const LIMIT: Parameter = number("limit", "at most this many, 1 to 10000; 100 when absent");
const CURSOR: Parameter = asked("cursor", "`next` of the page before, of the same question");
const TOP: Parameter = number("top", "values of each field, 1 to 1000; 20 when absent");
const PREFIX: Parameter = asked("prefix", "what the ids of the resources begin with");

/// A route that answers JSON.
const fn page(
    (method, path): (&'static str, &'static str),
    summary: &'static str,
    parameters: &'static [Parameter],
    answer: &'static str,
) -> Page {
    let answer = Answer::Json(answer);
    Page { method, path, summary, parameters, body: None, status: 200, answer, also: &[] }
}

/// What needs no token.
pub(super) const OPEN: &[(&str, &str, Answer)] = &[
    ("/api/v1/openapi.json", "This document", Answer::Json("object")),
    ("/healthz", "The process lives", Answer::Text("text/plain")),
    ("/readyz", "Nothing falls behind; else status 503", Answer::Json("Ready")),
    ("/metrics", "Metrics as OpenMetrics", Answer::Text("application/openmetrics-text")),
];

/// What needs a token, below `/api/v1`.
pub(super) const PAGES: &[Page] = &[
    page(("get", "/events"), "Events that match, newest first", &[Q, SINCE, UNTIL, LIMIT, CURSOR], "Events"),
    Page {
        answer: Answer::Stream("Followed"),
        ..page(
            ("get", "/events/tail"),
            "What is recorded as it comes, in the order in which it was recorded",
            &[
                Q,
                asked("after", "`next`, or `at` of an event, from before; absent means from now on"),
                number("wait", "seconds that a JSON answer waits for something, 0 to 20; 0 when absent"),
                LIMIT,
                Parameter { place: "header", ..asked("Last-Event-ID", "as `after`, and before it") },
            ],
            "",
        )
    },
    Page { also: &[404], ..page(("get", "/events/{id}"), "One event, whole", &[], "Event") },
    Page {
        answer: Answer::Text("text/plain"),
        also: &[404],
        ..page(
            ("get", "/events/{id}/proof"),
            "The proof of one event, for `conftrail verify --check-proof`",
            &[],
            "",
        )
    },
    page(
        ("get", "/events:aggregate"),
        "How many events match, by field and by time",
        &[
            Q,
            SINCE,
            UNTIL,
            asked("facets", "fields of the query language, joined by commas, at most 10"),
            TOP,
            number("histogram", "the width of its slices in seconds"),
        ],
        "Aggregate",
    ),
    Page {
        body: Some("AggregateBody"),
        ..page(("post", "/events:aggregate"), "How many events match, by field and by time", &[], "Aggregate")
    },
    page(
        ("get", "/resources/timeline"),
        "The events of one resource, newest first in the log's order",
        &[needed("resource", "the resource's id"), LIMIT, CURSOR],
        "Events",
    ),
    Page {
        also: &[404],
        ..page(
            ("get", "/resources/blame"),
            "Who set each column, path or line of a resource's content",
            &[
                needed("resource", "the resource's id"),
                asked("path", "only of this column, or of what stands at or below this path"),
                asked("at", "as it stood then: what was committed at it counts"),
            ],
            "Blame",
        )
    },
    page(("get", "/current"), "The last values of resources, by id", &[PREFIX, LIMIT, CURSOR], "CurrentRows"),
    page(
        ("get", "/state"),
        "How resources stood at a time, and how far that is known",
        &[PREFIX, needed("at", "the time, as in `since`"), LIMIT, CURSOR],
        "StateRows",
    ),
    page(
        ("get", "/actors/activity"),
        "What one person did: resources, logins, and how that is known",
        &[
            needed("actor", "the name, as in `actor.name`"),
            SINCE,
            UNTIL,
            TOP,
            number("histogram", "the width of its slices in seconds; a day when absent"),
        ],
        "Person",
    ),
    page(
        ("get", "/trail"),
        "All events of one ticket, audit id, transaction or trace, newest first",
        &[needed("id", "the id; of an event, what belongs to the same operation"), LIMIT, CURSOR],
        "Events",
    ),
    page(("get", "/alerts"), "Alerts, newest first", &[SINCE, LIMIT], "Alerts"),
    page(("get", "/ledger"), "What was detected and what was announced, added up", &[SINCE], "Ledger"),
    page(
        ("get", "/silences"),
        "Silences that hold or will hold, the last made first",
        &[
            Parameter { kind: "boolean", ..asked("expired", "whether those that are over are listed, too") },
            LIMIT,
        ],
        "Silences",
    ),
    Page { also: &[404], ..page(("get", "/silences/{id}"), "One silence", &[], "Silence") },
    Page {
        body: Some("NewSilence"),
        status: 201,
        also: &[409],
        ..page(("post", "/silences"), "Silence what has these labels for a while", &[], "Silence")
    },
    Page {
        status: 204,
        answer: Answer::Nothing,
        also: &[404],
        ..page(("delete", "/silences/{id}"), "End a silence at once", &[], "")
    },
    Page {
        also: &[422],
        ..page(("post", "/rules/reload"), "Look at the files of rules and routes now", &[], "RulesReloaded")
    },
    page(
        ("get", "/notifications"),
        "Notifications in a state, oldest first",
        &[needed("state", "queued, intent, unknown, sent, dead or suppressed"), LIMIT],
        "Notifications",
    ),
    Page {
        also: &[404],
        ..page(
            ("post", "/notifications/{id}/retry"),
            "Put a dead notification back into the queue",
            &[],
            "Retried",
        )
    },
    page(("get", "/asides"), "What could not be processed, newest first", &[LIMIT], "Asides"),
    page(("get", "/tokens"), "All tokens, without what could be used", &[], "Tokens"),
    Page {
        body: Some("NewToken"),
        status: 201,
        also: &[409],
        ..page(("post", "/tokens"), "Make a token; its secret is shown once", &[], "CreatedToken")
    },
    Page {
        status: 204,
        answer: Answer::Nothing,
        also: &[404],
        ..page(("delete", "/tokens/{name}"), "End a token at once", &[], "")
    },
];
