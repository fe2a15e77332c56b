//! Functions: exactly those that docs/rules.md lists.

use std::sync::Arc;

use conftrail_core::query::Pattern;
use regex::RegexBuilder;

use super::loops::loop_kind;
use super::{Lowering, did_you_mean};
use crate::cel::complaint::Span;
use crate::cel::node::{Kind, Node, Reading, TextTest};
use crate::cel::tree::{Tree, TreeKind};
use crate::cel::types::Type;

/// Largest compiled regular expression in bytes.
const LARGEST_REGEX: usize = 1024 * 1024;

/// A function, how it is used, and how many arguments it has beside the text before its dot.
struct Form {
    name: &'static str,
    usage: &'static str,
    is_method: bool,
    arguments: usize,
}

const fn function(name: &'static str, usage: &'static str, arguments: usize) -> Form {
    Form { name, usage, is_method: false, arguments }
}

const fn method(name: &'static str, usage: &'static str) -> Form {
    Form { name, usage, is_method: true, arguments: 1 }
}

static FORMS: [Form; 13] = [
    function("has", "has(field)", 1),
    method("startsWith", "text.startsWith(\"part\")"),
    method("endsWith", "text.endsWith(\"part\")"),
    method("contains", "text.contains(\"part\")"),
    function("size", "size(value)", 1),
    function("get", "get(after, \"a.b[0].c\")", 2),
    function("re", "re(text, \"pattern\")", 2),
    function("glob", "glob(text, \"pattern*\")", 2),
    function("num", "num(value)", 1),
    function("is_num", "is_num(value)", 1),
    function("pct_change", "pct_change(before, after)", 2),
    function("bytes", "bytes(\"10MB\")", 1),
    function("dur", "dur(\"5m\")", 1),
];
const IN_WINDOW: Form = function("in_window", "in_window(\"interval\", time)", 2);
const LOOPS: [&str; 5] = ["exists", "all", "exists_one", "filter", "map"];

fn form(name: &str) -> Option<&'static Form> {
    static WINDOW: Form = IN_WINDOW;
    FORMS.iter().chain([&WINDOW]).find(|form| form.name == name)
}

/// What is written in place of functions that CEL has elsewhere.
fn instead(name: &str) -> Option<&'static str> {
    Some(match name {
        "matches" => "use re(text, \"pattern\")",
        "existsOne" => "use exists_one",
        "int" | "uint" | "double" => "use num(value)",
        "duration" => "use dur(\"5m\")",
        "lowerAscii" | "upperAscii" | "toLower" | "lower" => "use re(text, \"(?i)pattern\")",
        "timestamp" | "now" | "getHours" | "getDayOfWeek" => "use in_window(\"interval\", time)",
        "not" => "write `!`",
        "len" | "length" | "count" => "use size(value)",
        _ => return None,
    })
}

impl Lowering<'_> {
    pub(super) fn call(
        &mut self,
        span: Span,
        name: &str,
        name_span: Span,
        target: Option<&Tree>,
        arguments: &[Tree],
    ) -> Node {
        match (loop_kind(name), target) {
            (Some(kind), Some(target)) => {
                return self.loop_over(span, (name, name_span), kind, target, arguments);
            }
            (Some(_), None) => {
                return self.wrong(name_span, format!("`{name}` is used as list.{name}(x, …)"));
            }
            _ => {}
        }
        let Some(form) = form(name) else {
            let known = FORMS.iter().map(|form| form.name).chain(["in_window"]).chain(LOOPS);
            let message = format!("there is no function `{name}`");
            let message = match instead(name) {
                Some(instead) => format!("{message}; {instead}"),
                None => did_you_mean(&message, name, known),
            };
            return self.wrong(name_span, message);
        };
        // The one function that has two forms: size(x) and x.size().
        let is_size_method = form.name == "size" && target.is_some() && arguments.is_empty();
        let fits = target.is_some() == form.is_method && arguments.len() == form.arguments;
        if !fits && !is_size_method {
            return self.wrong(name_span, format!("`{name}` is used as {}", form.usage));
        }
        let all: Vec<&Tree> = target.into_iter().chain(arguments).collect();
        match all.as_slice() {
            [one] => self.of_one(span, form.name, one),
            [one, two] => self.of_two(span, form.name, one, two),
            // No form has others.
            _ => self.silent(span),
        }
    }

    fn of_one(&mut self, span: Span, name: &str, one: &Tree) -> Node {
        let operand = self.node(one);
        let of = operand.of;
        let at = operand.place.span;
        let readable = of.may_be_text() || of.may_be_number();
        let (result, kind) = match name {
            "has" if of == Type::Null || matches!(one.kind, TreeKind::Text(_) | TreeKind::Int(_)) => {
                return self.wrong(at, "`has` asks whether a field is there, as in has(reason.ticket)");
            }
            "has" => (Type::Bool, Kind::Has(Box::new(operand))),
            "size" if !of.may_be_text() && of.element().is_none() && of != Type::Content => {
                return self.wrong(at, format!("`size` is of texts, lists and maps, not of {of}"));
            }
            "size" => (Type::Number, Kind::Size(Box::new(operand))),
            _ if !readable => return self.wrong(at, format!("`{name}` reads texts and numbers, not {of}")),
            "num" => (Type::Number, Kind::Read(Reading::Number, Box::new(operand))),
            "bytes" => (Type::Number, Kind::Read(Reading::Bytes, Box::new(operand))),
            "dur" => (Type::Duration, Kind::Read(Reading::Duration, Box::new(operand))),
            _ => (Type::Bool, Kind::IsNumber(Box::new(operand))),
        };
        self.made(span, result, kind)
    }

    fn of_two(&mut self, span: Span, name: &str, one: &Tree, two: &Tree) -> Node {
        match name {
            "re" => self.re(span, one, two),
            "glob" => self.glob(span, one, two),
            "in_window" => self.in_window(span, one, two),
            "get" => self.get(span, one, two),
            "pct_change" => {
                let operands = [self.node(one), self.node(two)];
                for operand in &operands {
                    if !operand.of.may_be_text() && !operand.of.may_be_number() {
                        let message = format!("`pct_change` reads numbers, not {}", operand.of);
                        return self.wrong(operand.place.span, message);
                    }
                }
                self.made(span, Type::Number, Kind::PctChange(Box::new(operands)))
            }
            _ => {
                let operands = [self.node(one), self.node(two)];
                for operand in &operands {
                    self.text(operand, name);
                }
                let test = match name {
                    "startsWith" => TextTest::StartsWith,
                    "endsWith" => TextTest::EndsWith,
                    _ => TextTest::Contains,
                };
                self.made(span, Type::Bool, Kind::TextTest(test, Box::new(operands)))
            }
        }
    }

    /// Complains unless a part may be a text.
    fn text(&mut self, node: &Node, name: &str) {
        if node.of.may_be_text() {
            return;
        }
        let message = match node.of {
            Type::List(_) | Type::Listed => {
                format!("`{name}` looks at a text, not at a list; write \"word\" in list")
            }
            other => format!("`{name}` looks at a text, not at {other}"),
        };
        self.complain(node.place.span, message);
    }

    /// Returns a text that must be written out, and complains otherwise.
    fn written<'t>(&mut self, tree: &'t Tree, what: &str) -> Option<&'t str> {
        if let TreeKind::Text(text) = &tree.kind {
            return Some(text);
        }
        self.complain(tree.span, format!("{what} is a text in quotes, nothing computed"));
        None
    }

    fn re(&mut self, span: Span, text: &Tree, pattern: &Tree) -> Node {
        let operand = self.node(text);
        self.text(&operand, "re");
        let Some(written) = self.written(pattern, "the pattern of `re`") else { return self.silent(span) };
        match RegexBuilder::new(written).size_limit(LARGEST_REGEX).build() {
            Ok(regex) => self.made(span, Type::Bool, Kind::Re(Box::new(operand), Box::new(regex))),
            Err(error) => self.wrong(pattern.span, regex_message(&error)),
        }
    }

    fn glob(&mut self, span: Span, text: &Tree, pattern: &Tree) -> Node {
        let operand = self.node(text);
        self.text(&operand, "glob");
        match self.written(pattern, "the pattern of `glob`") {
            Some(written) => {
                self.made(span, Type::Bool, Kind::Glob(Box::new(operand), Pattern::wildcard(written)))
            }
            None => self.silent(span),
        }
    }

    fn in_window(&mut self, span: Span, interval: &Tree, time: &Tree) -> Node {
        let operand = self.node(time);
        if !matches!(operand.of, Type::Time | Type::Wrong) {
            self.complain(
                operand.place.span,
                format!("`in_window` asks about `time`, not about {}", operand.of),
            );
        }
        let Some(name) = self.written(interval, "the interval of `in_window`") else {
            return self.silent(span);
        };
        let intervals = self.names.intervals;
        match intervals.get(name) {
            Some(known) => {
                self.made(span, Type::Bool, Kind::InWindow(Box::new(operand), Arc::new(known.clone())))
            }
            None => {
                let message = format!("the routing file has no time interval `{name}`");
                let message = did_you_mean(&message, name, intervals.names());
                self.wrong(interval.span, message)
            }
        }
    }

    fn get(&mut self, span: Span, content: &Tree, path: &Tree) -> Node {
        let (content, path) = (self.node(content), self.node(path));
        if !matches!(content.of, Type::Content | Type::Any | Type::Wrong) {
            let message =
                format!("`get` looks into `before`, `after` or a value of them, not into {}", content.of);
            return self.wrong(content.place.span, message);
        }
        self.text(&path, "get");
        let kind = match (&content.kind, &path.kind) {
            (Kind::Content(side), Kind::Text(path)) => Kind::Path(*side, path.clone()),
            _ => Kind::Get(Box::new(content), Box::new(path)),
        };
        self.made(span, Type::Any, kind)
    }
}

fn regex_message(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("the regular expression is too large: more than {limit} bytes when it is compiled")
        }
        other => {
            let said = other.to_string();
            let reason = said.lines().rev().find_map(|line| line.trim().strip_prefix("error: "));
            format!("the regular expression is wrong: {}", reason.unwrap_or("it cannot be compiled"))
        }
    }
}
