//! One template: compiled, checked and rendered within bounds.

use std::sync::LazyLock;

use handlebars::{Context, Handlebars, Output, RenderContext, RenderErrorReason, Renderable};
use serde_json::Value as Json;

use crate::templates::{check, helpers};

/// Longest template in bytes.
const LONGEST_TEMPLATE: usize = 16 * 1024;
/// Longest rendered text in bytes; beyond it rendering fails and the built-in form is used.
const LONGEST_OUTPUT: usize = 256 * 1024;

/// The form of text that a template makes; it decides what is escaped. Everything a template shows comes from
/// outside, so nothing is ever inserted unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Plain text: control characters are dropped.
    Plain,
    /// HTML: also `& < > " '` and the like become entities.
    Html,
    /// The inside of a JSON string.
    Json,
    /// WeCom's text: tags, mentions and links lose their meaning.
    WecomText,
    /// WeCom's markdown: also its own signs.
    WecomMarkdown,
}

/// Says why a template cannot be used or rendered, without anything it would have shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// The line and column within the template, from 1, where known.
    pub at: Option<(usize, usize)>,
}

/// A compiled template.
#[derive(Clone, Debug)]
pub struct Template {
    compiled: handlebars::Template,
    channel: Channel,
}

static PLAIN: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Channel::Plain));
static HTML: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Channel::Html));
static JSON: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Channel::Json));
static WECOM_TEXT: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Channel::WecomText));
static WECOM_MARKDOWN: LazyLock<Handlebars<'static>> = LazyLock::new(|| registry(Channel::WecomMarkdown));

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// Syntax errors, text that would be inserted unescaped (`{{{…}}}`, `{{&…}}`), partials and decorators, and
    /// templates that are too long or too deeply nested.
    pub fn compile(channel: Channel, text: &str) -> Result<Self, TemplateError> {
        if text.len() > LONGEST_TEMPLATE {
            let message = format!("the template is longer than {LONGEST_TEMPLATE} bytes");
            return Err(TemplateError { message, at: None });
        }
        check::nesting(text)?;
        let compiled = handlebars::Template::compile(text)
            .map_err(|error| TemplateError { message: error.reason().to_string(), at: error.pos() })?;
        check::elements(&compiled)?;
        Ok(Self { compiled, channel })
    }

    /// Renders the template with each of the samples, so that a wrong name is found when the template is loaded.
    ///
    /// # Errors
    /// The first failure.
    pub fn check(&self, samples: &[Json]) -> Result<(), TemplateError> {
        for sample in samples {
            self.render(sample)?;
        }
        Ok(())
    }

    /// Renders the template. Names that `data` lacks are errors; null is the empty text.
    ///
    /// # Errors
    /// A missing name, a helper's wrong argument, or an output beyond all bounds.
    pub fn render(&self, data: &Json) -> Result<String, TemplateError> {
        let context = Context::from(data.clone());
        let mut state = RenderContext::new(None);
        let mut output = Bounded(String::new());
        self.compiled.render(self.channel.registry(), &context, &mut state, &mut output).map_err(
            |error| TemplateError { message: worded(error.reason()), at: error.line_no.zip(error.column_no) },
        )?;
        Ok(output.0)
    }
}

impl Channel {
    fn registry(self) -> &'static Handlebars<'static> {
        match self {
            Self::Plain => &PLAIN,
            Self::Html => &HTML,
            Self::Json => &JSON,
            Self::WecomText => &WECOM_TEXT,
            Self::WecomMarkdown => &WECOM_MARKDOWN,
        }
    }
}

fn registry(channel: Channel) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(move |text: &str| channel.escape(text));
    helpers::register(&mut registry);
    registry
}

fn worded(reason: &RenderErrorReason) -> String {
    match reason {
        RenderErrorReason::MissingVariable(Some(name)) => format!("there is no `{name}`"),
        RenderErrorReason::MissingVariable(None) => "a name is not there".to_owned(),
        other => other.to_string(),
    }
}

struct Bounded(String);

impl Output for Bounded {
    fn write(&mut self, part: &str) -> std::io::Result<()> {
        if self.0.len() + part.len() > LONGEST_OUTPUT {
            return Err(std::io::Error::other("the rendered text is too long"));
        }
        self.0.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render(channel: Channel, text: &str) -> Result<String, String> {
        let data = json!({
            "actor": { "name": "<b>al\u{7}ice</b>", "login": null },
            "changes": [{ "path": "a", "after": 1 }, { "path": "b", "after": [1, "x"] }],
            "flags": ["late", "unparsed"],
            "text": "a rather long text",
            "many": (0..20).collect::<Vec<_>>(),
        });
        Template::compile(channel, text).and_then(|template| template.render(&data)).map_err(|error| {
            match error.at {
                Some((line, column)) => format!("{line}:{column} {error}"),
                None => error.to_string(),
            }
        })
    }

    #[test]
    fn templates_escape_by_their_channel() {
        assert_eq!(render(Channel::Plain, "{{actor.name}}").unwrap(), "<b>alice</b>");
        assert_eq!(render(Channel::Html, "{{actor.name}}").unwrap(), "&lt;b&gt;alice&lt;/b&gt;");
        assert_eq!(
            render(Channel::Html, "{{default actor.login actor.name}}").unwrap(),
            "&lt;b&gt;alice&lt;/b&gt;"
        );
    }

    #[test]
    fn helpers_do_what_messages_need() {
        let table = [
            ("{{len changes}} {{len flags}}", "2 2"),
            ("{{actor.login}}.", "."),
            ("{{default actor.login \"someone\"}}", "someone"),
            ("{{join flags \", \"}}", "late, unparsed"),
            ("{{shorten text 8}}", "a rather…"),
            ("{{shorten text 100}}", "a rather long text"),
            ("{{#each changes}}{{path}}={{value after}};{{/each}}", "a=1;b=[1,\"x\"];"),
            ("{{#if flags}}yes{{else}}no{{/if}}{{#unless actor.login}}!{{/unless}}", "yes!"),
            ("{{#if (gt (len changes) 1)}}many{{/if}}", "many"),
            ("\\{{actor.name}}", "{{actor.name}}"),
        ];
        for (text, expected) in table {
            assert_eq!(render(Channel::Plain, text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_could_leak_hang_or_mislead_is_refused() {
        let deep = format!("{}{}", "{{#each many}}".repeat(3), "{{/each}}".repeat(3));
        let long =
            format!("{{{{#each many}}}}{{{{#each ../many}}}}{}{{{{/each}}}}{{{{/each}}}}", "x".repeat(1000));
        let table = [
            ("{{{actor.name}}}", "unescaped"),
            ("{{&actor.name}}", "unescaped"),
            ("{{#if flags}}{{#each flags}}{{{this}}}{{/each}}{{/if}}", "unescaped"),
            ("{{#if x}}a{{else}}{{&actor.name}}{{/if}}", "unescaped"),
            ("{{> other}}", "partials"),
            ("{{#*inline \"x\"}}a{{/inline}}", "partials"),
            ("{{actor.nmae}}", "1:1"),
            ("{{#if actr.name}}x{{/if}}", "1:"),
            ("{{len chnges}}", "1:"),
            ("{{join flgs \",\"}}", "1:"),
            ("{{#each chnges}}x{{/each}}", "1:"),
            ("{{nohelper flags}}", "nohelper"),
            ("{{#if flags}}", "1:"),
            ("{{", "1:"),
            (deep.as_str(), "nested"),
            (long.as_str(), "too long"),
        ];
        for (text, expected) in table {
            let said = render(Channel::Plain, text).unwrap_err();
            assert!(said.contains(expected), "{text}: {said}");
        }
        for hostile in
            ["{{#if a}}".repeat(1700), format!("{{{{{}}}}}", "(".repeat(16_000)), "{{".repeat(8000)]
        {
            assert!(Template::compile(Channel::Plain, &hostile).is_err());
        }
    }
}
