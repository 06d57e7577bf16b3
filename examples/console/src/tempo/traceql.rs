//! A subset of TraceQL: one set of spans, `{ … }`, with `&&`, `||` and parentheses.
//!
//! Fields are `name`, `kind`, `status`, `duration`, `traceDuration`, `rootName`, `rootServiceName`, their scoped names
//! (`span:name`, `trace:rootService`), and attributes (`span.x`, `resource.x`, `.x`). Texts are compared with `=`,
//! `!=`, `=~` and `!~` (a regular expression of the whole text), numbers and durations with the usual signs.

mod lexer;
mod sql;

use lexer::{Lexer, Token};
pub(super) use sql::condition;

/// The most conditions of a query. SQLite takes no statement that is nested a thousand deep.
pub(super) const MAX_CONDITIONS: usize = 100;

/// The greatest depth of parentheses.
const MAX_DEPTH: usize = 32;

/// A condition on a span.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// Everything.
    All,
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Compare(Field, Operator, Literal),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Name,
    Kind,
    Status,
    Duration,
    TraceDuration,
    RootName,
    RootService,
    /// An attribute of the span, of the resource, or of either.
    Attribute(Scope, String),
}

/// Whose attribute it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scope {
    Span,
    Resource,
    Either,
}

/// A sign of comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Matches,
    NotMatches,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(f64),
    /// Nanoseconds.
    Duration(f64),
    /// A word: `true`, `error`, `client`, `nil`.
    Word(String),
}

/// Reads a query.
///
/// # Errors
///
/// For what is not in the subset, with the place.
pub(super) fn parse(query: &str) -> Result<Expression, String> {
    let mut parser = Parser { lexer: Lexer::new(query), depth: 0, conditions: 0 };
    parser.expect(&Token::Sign("{"))?;
    if parser.lexer.peek()? == Some(Token::Sign("}")) {
        parser.lexer.next()?;
        return parser.end(Expression::All);
    }
    let expression = parser.any()?;
    parser.expect(&Token::Sign("}"))?;
    parser.end(expression)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    depth: usize,
    conditions: usize,
}

impl Parser<'_> {
    fn expect(&mut self, token: &Token) -> Result<(), String> {
        match self.lexer.next()? {
            Some(found) if found == *token => Ok(()),
            found => Err(format!("expected {token:?}, found {found:?}")),
        }
    }

    /// Ends the query. The newest spans come first, asked for or not.
    fn end(&mut self, expression: Expression) -> Result<Expression, String> {
        let rest = self.lexer.rest().trim();
        match rest.replace(char::is_whitespace, "").as_str() {
            "" | "with(most_recent=true)" | "with(most_recent=false)" => Ok(expression),
            _ => Err(format!("only one set of spans, {{ … }}, is answered, without what follows it: {rest}")),
        }
    }

    fn any(&mut self) -> Result<Expression, String> {
        let mut expression = self.all()?;
        while self.lexer.peek()? == Some(Token::Sign("||")) {
            self.lexer.next()?;
            expression = Expression::Or(Box::new(expression), Box::new(self.all()?));
        }
        Ok(expression)
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut expression = self.one()?;
        while self.lexer.peek()? == Some(Token::Sign("&&")) {
            self.lexer.next()?;
            expression = Expression::And(Box::new(expression), Box::new(self.one()?));
        }
        Ok(expression)
    }

    fn one(&mut self) -> Result<Expression, String> {
        self.conditions += 1;
        if self.conditions > MAX_CONDITIONS {
            return Err(format!("more than {MAX_CONDITIONS} conditions"));
        }
        match self.lexer.next()? {
            Some(Token::Sign("(")) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(format!("more than {MAX_DEPTH} parentheses"));
                }
                let inner = self.any()?;
                self.depth -= 1;
                self.expect(&Token::Sign(")"))?;
                Ok(inner)
            }
            Some(Token::Word(word)) if word == "true" && self.is_end()? => Ok(Expression::All),
            Some(Token::Word(word)) => {
                let field = field(&word)?;
                let operator = self.operator()?;
                Ok(Expression::Compare(field, operator, self.literal()?))
            }
            other => Err(format!("expected a field, found {other:?}")),
        }
    }

    fn is_end(&mut self) -> Result<bool, String> {
        Ok(matches!(self.lexer.peek()?, None | Some(Token::Sign("}" | ")" | "&&" | "||"))))
    }

    fn operator(&mut self) -> Result<Operator, String> {
        Ok(match self.lexer.next()? {
            Some(Token::Sign("=")) => Operator::Equal,
            Some(Token::Sign("!=")) => Operator::NotEqual,
            Some(Token::Sign("=~")) => Operator::Matches,
            Some(Token::Sign("!~")) => Operator::NotMatches,
            Some(Token::Sign("<")) => Operator::Less,
            Some(Token::Sign("<=")) => Operator::LessOrEqual,
            Some(Token::Sign(">")) => Operator::Greater,
            Some(Token::Sign(">=")) => Operator::GreaterOrEqual,
            other => return Err(format!("expected a comparison, found {other:?}")),
        })
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.lexer.next()? {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Number(number)) => Ok(Literal::Number(number)),
            Some(Token::Duration(nanos)) => Ok(Literal::Duration(nanos)),
            Some(Token::Word(word)) => Ok(Literal::Word(word)),
            other => Err(format!("expected a value, found {other:?}")),
        }
    }
}

fn field(word: &str) -> Result<Field, String> {
    Ok(match word {
        "name" | "span:name" => Field::Name,
        "kind" | "span:kind" => Field::Kind,
        "status" | "span:status" => Field::Status,
        "duration" | "span:duration" => Field::Duration,
        "traceDuration" | "trace:duration" => Field::TraceDuration,
        "rootName" | "trace:rootName" => Field::RootName,
        "rootServiceName" | "trace:rootService" => Field::RootService,
        _ => {
            let scopes = [("span.", Scope::Span), ("resource.", Scope::Resource), (".", Scope::Either)];
            let found = scopes.iter().find_map(|(prefix, scope)| Some((*scope, word.strip_prefix(prefix)?)));
            let (scope, key) = found.filter(|(_, key)| !key.is_empty()).ok_or_else(|| format!("no field {word:?}"))?;
            Field::Attribute(scope, key.trim_matches('"').to_owned())
        }
    })
}

/// Reads a duration of Go, such as `1h30m` or `1.5s`, in nanoseconds.
pub(super) fn duration(text: &str) -> Option<f64> {
    lexer::duration(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_grafana_are_read() {
        let text = |text: &str| Literal::Text(text.to_owned());
        let of_resource = Field::Attribute(Scope::Resource, "service.name".to_owned());
        let service = Expression::Compare(of_resource, Operator::Equal, text("a \"b\""));
        let slow = Expression::Compare(Field::Duration, Operator::Greater, Literal::Duration(1.5e9));
        let failed = Expression::Compare(Field::Status, Operator::Equal, Literal::Word("error".to_owned()));
        let code = Field::Attribute(Scope::Either, "http.status_code".to_owned());
        let code = Expression::Compare(code, Operator::GreaterOrEqual, Literal::Number(500.0));
        let and = |a: &Expression, b: &Expression| Expression::And(Box::new(a.clone()), Box::new(b.clone()));
        let or = |a: &Expression, b: &Expression| Expression::Or(Box::new(a.clone()), Box::new(b.clone()));
        for (query, expected) in [
            ("{}", Expression::All),
            ("{ true }", Expression::All),
            (r#"{resource.service.name="a \"b\""}"#, service.clone()),
            (r#"{ resource.service.name = `a "b"` && duration>1.5s }"#, and(&service, &slow)),
            ("{ duration > 1500ms || status = error && .http.status_code >= 500 }", or(&slow, &and(&failed, &code))),
            ("{ (duration>1s500ms || span:status=error) && true }", and(&or(&slow, &failed), &Expression::All)),
        ] {
            assert_eq!(parse(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn other_queries_are_refused_without_panic() {
        for query in [
            "",
            "{",
            "}",
            "{ name }",
            "{ name = }",
            "{ name = \"a",
            "{ foo = 1 }",
            "{ .a = 1 } | rate()",
            "{} >> {}",
            "{ span. = 1 }",
            "{ name = \"\\",
            "{ é = 1 }",
            &format!("{{ {}", "(".repeat(10_000)),
            &format!("{{ {} }}", vec!["name = a"; 3000].join(" && ")),
            &format!("{{ {} }}", vec!["name = a"; 3000].join(" || ")),
        ] {
            assert!(parse(query).is_err(), "{query}");
        }
    }
}
