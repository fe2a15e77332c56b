//! What a template may contain.

use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};

use crate::templates::TemplateError;
use crate::templates::helpers::NAMES;

/// Deepest nesting of blocks and of subexpressions.
const DEEPEST: usize = 8;
/// Loops within loops: events, and their changes.
const DEEPEST_LOOP: usize = 2;

/// Refuses nesting that the recursive parser should not even see.
pub(crate) fn nesting(text: &str) -> Result<(), TemplateError> {
    let mut blocks: usize = 0;
    let mut parentheses: usize = 0;
    for (at, character) in text.char_indices() {
        let rest = text.get(at..).unwrap_or("");
        if rest.starts_with("{{#") || rest.starts_with("{{~#") || rest.starts_with("{{^") {
            blocks += 1;
        } else if rest.starts_with("{{/") || rest.starts_with("{{~/") {
            blocks = blocks.saturating_sub(1);
        }
        match character {
            '(' => parentheses += 1,
            ')' => parentheses = parentheses.saturating_sub(1),
            _ => {}
        }
        if blocks > DEEPEST || parentheses > DEEPEST {
            return refuse(format!("the template is nested deeper than {DEEPEST} levels"));
        }
    }
    Ok(())
}

/// Refuses unescaped output, partials, decorators, unknown helpers and loops within loops within loops.
pub(crate) fn elements(template: &Template) -> Result<(), TemplateError> {
    each_element(template, 0)
}

fn each_element(template: &Template, loops: usize) -> Result<(), TemplateError> {
    for element in &template.elements {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::HtmlExpression(_) => {
                return refuse("{{{…}}} and {{&…}} insert text unescaped: write {{…}}");
            }
            TemplateElement::Expression(helper) => expression(helper)?,
            TemplateElement::HelperBlock(helper) => block(helper, loops)?,
            _ => return refuse("partials and decorators are not available"),
        }
    }
    Ok(())
}

fn expression(helper: &HelperTemplate) -> Result<(), TemplateError> {
    let has_arguments = !helper.params.is_empty() || !helper.hash.is_empty();
    if has_arguments
        && let Some(name) = helper.name.as_name()
        && !NAMES.contains(&name)
    {
        return refuse(format!("there is no helper `{name}`"));
    }
    for parameter in helper.params.iter().chain(helper.hash.values()) {
        if let Parameter::Subexpression(inner) = parameter
            && let TemplateElement::Expression(inner) = inner.as_element()
        {
            expression(inner)?;
        }
    }
    Ok(())
}

fn block(helper: &HelperTemplate, loops: usize) -> Result<(), TemplateError> {
    expression(helper)?;
    let name = helper.name.as_name().unwrap_or("");
    if !["if", "unless", "each", "with"].contains(&name) {
        return refuse("blocks are if, unless, each and with");
    }
    let inner_loops = loops + usize::from(name == "each");
    if inner_loops > DEEPEST_LOOP {
        return refuse(format!("loops are nested deeper than {DEEPEST_LOOP} levels"));
    }
    for branch in [&helper.template, &helper.inverse].into_iter().flatten() {
        each_element(branch, inner_loops)?;
    }
    Ok(())
}

fn refuse<T>(message: impl Into<String>) -> Result<T, TemplateError> {
    Err(TemplateError { message: message.into(), at: None })
}
