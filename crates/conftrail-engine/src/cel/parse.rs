//! Parses an expression: the grammar and its parser are the `cel` crate's, the tree is ours.

use cel::Env;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo};
use cel::parser::ParseErrors;

use crate::cel::complaint::{Complaint, Span, line_and_column};
use crate::cel::scan::{Tokens, scan};
use crate::cel::tree::{DEEPEST, Operator, Tree, TreeKind};

/// The parser and the dropping of its tree go as deep as a chain is long: 1,000 tokens need a fraction of this.
const STACK: usize = 16 * 1024 * 1024;

/// Longest list that is written out.
const LONGEST_LIST: usize = 1000;

/// Parses an expression on a thread of its own, whose stack is large enough for whatever [`scan`] lets through.
///
/// # Errors
/// The first thing that is wrong with it: what follows a syntax error is guesswork.
pub(crate) fn parse(text: &str) -> Result<Tree, Complaint> {
    let tokens = scan(text)?;
    let whole = Span::new(0, text.len());
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("expression".to_owned()).stack_size(STACK);
        match builder.spawn_scoped(scope, || parse_here(text, &tokens)) {
            Ok(handle) => handle.join().unwrap_or_else(|_panic| {
                Err(Complaint::new(whole, "this cannot be parsed as an expression"))
            }),
            Err(error) => Err(Complaint::new(whole, format!("no thread to parse it with: {error}"))),
        }
    })
}

fn parse_here(text: &str, tokens: &Tokens) -> Result<Tree, Complaint> {
    // Without macros: `exists` and the like stay the calls they are written as.
    let parser = Env::default().with_optional_support(false).parser();
    let (expression, places) =
        parser.parse_with_source_info(text).map_err(|errors| first(&errors, text, tokens))?;
    Conversion { tokens, places: &places }.tree(&expression, 1)
}

/// Words the first of the parser's errors; its own words speak of the grammar.
fn first(errors: &ParseErrors, text: &str, tokens: &Tokens) -> Complaint {
    let Some(error) = errors.errors.first() else {
        return Complaint::new(Span::new(0, text.len()), "this cannot be parsed as an expression");
    };
    let Some((number, span)) = token_at(text, tokens, error.pos) else {
        let end = text.trim_end().len();
        let message = if error.pos == (0, 0) {
            format!("expressions nest at most {DEEPEST} deep")
        } else {
            "the expression ends where more is expected".to_owned()
        };
        return Complaint::new(Span::new(end.saturating_sub(1), end), message);
    };
    if let Some(said) = error.msg.strip_prefix("reserved identifier: ") {
        return Complaint::new(span, format!("`{said}` is a reserved word and no name"));
    }
    if error.msg.starts_with("invalid") || error.msg.starts_with("unsupported") {
        return Complaint::new(span, error.msg.clone());
    }
    let before = number.checked_sub(1).and_then(|before| tokens.get(before));
    Complaint::new(span, unexpected(span.of(text), before.map(|token| token.span.of(text)), text))
}

fn unexpected(word: &str, before: Option<&str>, text: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "and" => return format!("write `&&` for `{word}`"),
        "or" => return format!("write `||` for `{word}`"),
        "is" => return format!("write `==` for `{word}`"),
        "like" => return "write glob(text, \"pattern*\") or re(text, \"pattern\")".to_owned(),
        _ => {}
    }
    let before = before.unwrap_or_default();
    if before.eq_ignore_ascii_case("not") {
        return format!("write `!` for `{before}`");
    }
    if before.ends_with(|c: char| c.is_ascii_digit()) && word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return format!("a number has no unit; write dur(\"{before}{word}\") or bytes(\"{before}{word}\")");
    }
    if word == ":" && !text.contains('?') {
        return "`field:value` is the language of `match`; here it is field == \"value\"".to_owned();
    }
    format!("`{word}` is not expected here")
}

/// Finds the token at a line and column, as the parser counts them: in characters, from 1.
fn token_at(text: &str, tokens: &Tokens, (line, column): (isize, isize)) -> Option<(usize, Span)> {
    let wanted = (usize::try_from(line).ok().filter(|line| *line > 0)?, usize::try_from(column).ok()?);
    let mut number = 0;
    while let Some(token) = tokens.get(number) {
        if line_and_column(text, token.span.start) >= wanted {
            return Some((number, token.span));
        }
        number += 1;
    }
    None
}

struct Conversion<'p> {
    tokens: &'p Tokens,
    places: &'p SourceInfo,
}

impl Conversion<'_> {
    fn tree(&self, expression: &IdedExpr, depth: usize) -> Result<Tree, Complaint> {
        let number = self.token(expression);
        let here =
            number.and_then(|number| self.tokens.get(number)).map(|token| token.span).unwrap_or_default();
        if depth > DEEPEST {
            return Err(Complaint::new(here, format!("expressions nest at most {DEEPEST} deep")));
        }
        match &expression.expr {
            Expr::Ident(name) => Ok(Tree { span: here, kind: TreeKind::Name(name.clone()) }),
            Expr::Literal(literal) => {
                let kind = literal_kind(literal)
                    .ok_or_else(|| Complaint::new(here, "there are texts, and no bytes"))?;
                Ok(Tree { span: here, kind })
            }
            Expr::Select(select) => {
                let of = Box::new(self.tree(&select.operand, depth + 1)?);
                let field_span = self.neighbour(number, 1).unwrap_or(here);
                let span = self.tokens.balanced(of.span.to(field_span));
                Ok(Tree { span, kind: TreeKind::Select { of, field: select.field.clone(), field_span } })
            }
            Expr::Call(call) => self.call(call, number, here, depth),
            Expr::List(list) => {
                if list.elements.len() > LONGEST_LIST {
                    let message = format!("a list has at most {LONGEST_LIST} elements");
                    return Err(Complaint::new(here, message));
                }
                let elements = self.trees(&list.elements, depth)?;
                Ok(Tree { span: self.tokens.balanced(here), kind: TreeKind::List(elements) })
            }
            Expr::Map(_) | Expr::Struct(_) => {
                Err(Complaint::new(self.tokens.balanced(here), "maps are no part of conditions"))
            }
            Expr::Comprehension(_) | Expr::Unspecified => {
                Err(Complaint::new(here, "this is no part of conditions"))
            }
        }
    }

    fn trees(&self, expressions: &[IdedExpr], depth: usize) -> Result<Vec<Tree>, Complaint> {
        expressions.iter().map(|expression| self.tree(expression, depth + 1)).collect()
    }

    fn call(
        &self,
        call: &CallExpr,
        number: Option<usize>,
        here: Span,
        depth: usize,
    ) -> Result<Tree, Complaint> {
        let arguments = self.trees(&call.args, depth)?;
        if let Some(operator) = Operator::named(&call.func_name) {
            let span = arguments.iter().fold(here, |span, operand| span.to(operand.span));
            let kind = TreeKind::Operator { operator, at: here, operands: arguments };
            return Ok(Tree { span: self.tokens.balanced(span), kind });
        }
        let target = match &call.target {
            Some(target) => Some(Box::new(self.tree(target, depth + 1)?)),
            None => None,
        };
        // A call stands at its opening bracket.
        let name_span = self.neighbour(number, -1).unwrap_or(here);
        let start = target.as_ref().map_or(name_span, |target| target.span);
        let span = self.tokens.balanced(start.to(here));
        let kind = TreeKind::Call { name: call.func_name.clone(), name_span, target, arguments };
        Ok(Tree { span, kind })
    }

    fn token(&self, expression: &IdedExpr) -> Option<usize> {
        let (start, _) = self.places.offset_for(expression.id)?;
        self.tokens.starting_at(start as usize)
    }

    fn neighbour(&self, number: Option<usize>, step: isize) -> Option<Span> {
        self.tokens.get(number?.checked_add_signed(step)?).map(|token| token.span)
    }
}

fn literal_kind(literal: &LiteralValue) -> Option<TreeKind> {
    Some(match literal {
        LiteralValue::Null => TreeKind::Null,
        LiteralValue::Boolean(truth) => TreeKind::Bool(*truth.inner()),
        LiteralValue::Int(number) => TreeKind::Int(*number.inner()),
        LiteralValue::UInt(number) => TreeKind::Uint(*number.inner()),
        LiteralValue::Double(number) => TreeKind::Double(*number.inner()),
        LiteralValue::String(text) => TreeKind::Text(text.inner().to_owned()),
        LiteralValue::Bytes(_) => return None,
    })
}
