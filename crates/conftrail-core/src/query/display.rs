//! Prints a query so that it parses to the same tree.

use std::fmt::{Display, Formatter, Result};

use crate::query::{Leaf, Operand, Pattern, Query};

impl Display for Query {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::All => formatter.write_str("*"),
            Self::And(queries) => joined(queries, " and ", formatter),
            Self::Or(queries) => joined(queries, " or ", formatter),
            Self::Not(inner) => {
                formatter.write_str("not ")?;
                operand(inner, formatter)
            }
            Self::Leaf(leaf) => leaf.fmt(formatter),
        }
    }
}

fn joined(queries: &[Query], between: &str, formatter: &mut Formatter<'_>) -> Result {
    for (index, query) in queries.iter().enumerate() {
        if index > 0 {
            formatter.write_str(between)?;
        }
        operand(query, formatter)?;
    }
    Ok(())
}

fn operand(query: &Query, formatter: &mut Formatter<'_>) -> Result {
    match query {
        Query::And(_) | Query::Or(_) => write!(formatter, "({query})"),
        other => other.fmt(formatter),
    }
}

impl Display for Leaf {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::Present(field) => write!(formatter, "{}:*", escaped(&field.to_string())),
            Self::Is(field, pattern) => {
                write!(formatter, "{}:", escaped(&field.to_string()))?;
                write_pattern(pattern, formatter)
            }
            Self::During(field, date) => write!(formatter, "{field}:{date}"),
            Self::Compare(field, comparison, operand) => {
                write!(formatter, "{}{}", escaped(&field.to_string()), comparison.as_str())?;
                match operand {
                    Operand::Number(number) => number.fmt(formatter),
                    Operand::Date(date) => date.fmt(formatter),
                    Operand::Other(text) => write_pattern(&Pattern::literal(text.as_str()), formatter),
                }
            }
            Self::Text(words) => write_pattern(words.pattern(), formatter),
        }
    }
}

/// Plain words stay bare, other texts are quoted, and with wildcards their special characters are escaped.
fn write_pattern(pattern: &Pattern, formatter: &mut Formatter<'_>) -> Result {
    let Some(literal) = pattern.as_literal() else {
        let parts: Vec<String> = pattern.parts().iter().map(|part| escaped(part)).collect();
        return formatter.write_str(&parts.join("*"));
    };
    let keyword = ["and", "or", "not"].iter().any(|word| literal.eq_ignore_ascii_case(word));
    if !literal.is_empty() && !keyword && escaped(literal) == literal {
        return formatter.write_str(literal);
    }
    write!(formatter, "\"{}\"", literal.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_whitespace()
            || matches!(character, '(' | ')' | '"' | ':' | '<' | '>' | '=' | '*' | '\\')
        {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
