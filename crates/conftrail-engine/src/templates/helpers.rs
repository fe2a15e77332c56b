//! The helpers that templates may call.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use serde_json::Value as Json;

/// Every helper there is; the others of the library are taken away.
pub(crate) const NAMES: [&str; 21] = [
    "if", "unless", "each", "with", "lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not",
    "len", "default", "join", "shorten", "value", "count", "get",
];

pub(crate) fn register(registry: &mut Handlebars<'static>) {
    registry.unregister_helper("log");
    registry.unregister_helper("raw");
    registry.register_helper("if", Box::new(Condition { holds_when: true }));
    registry.register_helper("unless", Box::new(Condition { holds_when: false }));
    registry.register_helper("len", Box::new(Function { name: "len", arguments: 1, call: len }));
    registry.register_helper("default", Box::new(Function { name: "default", arguments: 2, call: default }));
    registry.register_helper("join", Box::new(Function { name: "join", arguments: 2, call: join }));
    registry.register_helper("shorten", Box::new(Function { name: "shorten", arguments: 2, call: shorten }));
    registry.register_helper("value", Box::new(Function { name: "value", arguments: 1, call: value }));
    registry.register_helper("get", Box::new(Function { name: "get", arguments: 2, call: get }));
    registry.register_helper("count", Box::new(Function { name: "count", arguments: 3, call: count }));
}

/// `if` and `unless` that know a wrong name from an empty value, which the library's do not.
struct Condition {
    holds_when: bool,
}

impl HelperDef for Condition {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let tested = argument(helper, "if", 0)?;
        let branch =
            if tested.is_truthy(false) == self.holds_when { helper.template() } else { helper.inverse() };
        branch.map_or(Ok(()), |branch| branch.render(registry, context, state, output))
    }
}

/// A helper that computes a value from values; what it returns is escaped like any other.
struct Function {
    name: &'static str,
    arguments: usize,
    call: fn(&[&Json]) -> Result<Json, RenderErrorReason>,
}

impl HelperDef for Function {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let mut arguments = Vec::with_capacity(self.arguments);
        for index in 0..self.arguments {
            arguments.push(argument(helper, self.name, index)?);
        }
        Ok((self.call)(&arguments)?.into())
    }
}

fn argument<'h>(helper: &'h Helper<'_>, name: &'static str, index: usize) -> Result<&'h Json, RenderError> {
    let argument = helper.param(index).ok_or(RenderErrorReason::ParamNotFoundForIndex(name, index))?;
    if argument.is_value_missing() {
        let path = argument.relative_path().cloned();
        return Err(RenderErrorReason::MissingVariable(path).into());
    }
    Ok(argument.value())
}

/// How many elements a list or object has, or characters a text; 0 for null.
fn len(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    match arguments {
        [Json::Array(items)] => Ok(items.len().into()),
        [Json::Object(entries)] => Ok(entries.len().into()),
        [Json::String(text)] => Ok(text.chars().count().into()),
        [Json::Null] => Ok(0.into()),
        _ => Err(RenderErrorReason::InvalidParamType("list or text")),
    }
}

/// The first argument, or the second where the first is null or empty.
fn default(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    let chosen = arguments.iter().find(|value| !matches!(value, Json::Null) && value.as_str() != Some(""));
    Ok(chosen.or(arguments.last()).map_or(Json::Null, |value| (*value).clone()))
}

/// The elements of a list with a text between them; null is the empty list.
fn join(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    match arguments {
        [Json::Array(items), Json::String(between)] => {
            let texts: Vec<String> = items.iter().map(text_of).collect();
            Ok(texts.join(between).into())
        }
        [Json::Null, _] => Ok("".into()),
        _ => Err(RenderErrorReason::InvalidParamType("list and text")),
    }
}

/// A text of at most so many characters.
fn shorten(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    let [value, Json::Number(most)] = arguments else {
        return Err(RenderErrorReason::InvalidParamType("value and number"));
    };
    let most = most.as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    Ok(crate::shorten::shorten(&text_of(value), most).into_owned().into())
}

/// A value as a person reads it: text bare, all else as JSON.
fn value(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    Ok(arguments.first().map_or_else(String::new, |value| text_of(value)).into())
}

/// A number with its noun: `count 1 "key" "keys"`.
fn count(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    let [Json::Number(number), Json::String(one), Json::String(many)] = arguments else {
        return Err(RenderErrorReason::InvalidParamType("number and two texts"));
    };
    let noun = if number.as_u64() == Some(1) { one } else { many };
    Ok(format!("{number} {noun}").into())
}

/// What an object has under a name, or nothing: for names that are not known when the template is loaded, such as labels'.
fn get(arguments: &[&Json]) -> Result<Json, RenderErrorReason> {
    match arguments {
        [Json::Object(entries), Json::String(name)] => Ok(entries.get(name).cloned().unwrap_or_default()),
        [Json::Null, _] => Ok(Json::Null),
        _ => Err(RenderErrorReason::InvalidParamType("object and text")),
    }
}

fn text_of(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}
