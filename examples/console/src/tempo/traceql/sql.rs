//! A query as SQL over `span s`, its trace `t`, and the trace's root operation `ro` of the service `rv`.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Expression, Field, Literal, Operator, Scope};
use crate::api::filters::{Condition, KINDS, STATUSES};
use crate::rows::hash;
use crate::store::Error;

/// Returns the condition of a query, or why it has none.
pub(in crate::tempo) fn condition(
    db: &Connection,
    expression: &Expression,
) -> Result<Result<Condition, String>, Error> {
    let mut writer = Writer { db, condition: Condition::default() };
    Ok(match writer.write(expression)? {
        Ok(sql) => {
            writer.condition.sql = sql;
            Ok(writer.condition)
        }
        Err(problem) => Err(problem),
    })
}

struct Writer<'a> {
    db: &'a Connection,
    condition: Condition,
}

impl Writer<'_> {
    fn write(&mut self, expression: &Expression) -> Result<Result<String, String>, Error> {
        match expression {
            Expression::All => Ok(Ok("1".to_owned())),
            Expression::And(left, right) => self.both(left, "AND", right),
            Expression::Or(left, right) => self.both(left, "OR", right),
            Expression::Compare(field, operator, literal) => self.compare(field, *operator, literal),
        }
    }

    fn both(&mut self, left: &Expression, sign: &str, right: &Expression) -> Result<Result<String, String>, Error> {
        let left = match self.write(left)? {
            Ok(sql) => sql,
            Err(problem) => return Ok(Err(problem)),
        };
        Ok(self.write(right)?.map(|right| format!("({left} {sign} {right})")))
    }

    fn compare(
        &mut self,
        field: &Field,
        operator: Operator,
        literal: &Literal,
    ) -> Result<Result<String, String>, Error> {
        let column = match field {
            Field::Name => "(SELECT o.name FROM operation o WHERE o.id = s.operation)",
            Field::RootName => "ro.name",
            Field::RootService => "rv.name",
            Field::Duration => return Ok(self.number("s.duration", operator, literal)),
            Field::TraceDuration => return Ok(self.number("(t.end - t.start)", operator, literal)),
            Field::Kind => {
                let column = "(SELECT o.kind FROM operation o WHERE o.id = s.operation)";
                return Ok(self.code(column, &KINDS, operator, literal));
            }
            Field::Status => return Ok(self.code("s.status", &STATUSES, operator, literal)),
            Field::Attribute(scope, key) => return self.attribute(*scope, key, operator, literal),
        };
        let alternatives = match alternatives(operator, literal) {
            Ok(alternatives) => alternatives,
            Err(problem) => return Ok(Err(problem)),
        };
        let tests: Vec<String> = alternatives.iter().map(|pattern| self.text(column, pattern)).collect();
        Ok(Ok(negated(operator, &tests.join(" OR "))))
    }

    fn text(&mut self, column: &str, pattern: &Pattern) -> String {
        let Pattern { text, any_before, any_after } = pattern;
        if *any_before && !any_after {
            self.condition.values.push(Value::Integer(-(text.chars().count() as i64)));
        }
        self.condition.values.push(Value::Text(text.clone()));
        match (any_before, any_after) {
            (false, false) => format!("{column} = ?"),
            (true, true) => format!("instr({column}, ?) > 0"),
            (false, true) => format!("instr({column}, ?) = 1"),
            (true, false) => format!("substr({column}, ?) = ?"),
        }
    }

    fn number(&mut self, column: &str, operator: Operator, literal: &Literal) -> Result<String, String> {
        let number = match literal {
            Literal::Duration(number) | Literal::Number(number) => *number,
            other => return Err(format!("a duration, not {other:?}")),
        };
        let sign = sign(operator)?;
        self.condition.values.push(Value::Real(number));
        Ok(format!("{column} {sign} ?"))
    }

    fn code(
        &mut self,
        column: &str,
        names: &[(&str, i64)],
        operator: Operator,
        literal: &Literal,
    ) -> Result<String, String> {
        let (Literal::Word(word) | Literal::Text(word)) = literal else {
            return Err(format!("a word, not {literal:?}"));
        };
        let code = names.iter().find(|(name, _)| name == word).map(|(_, code)| *code);
        let code = code.ok_or_else(|| format!("no such word: {word:?}"))?;
        match operator {
            Operator::Equal | Operator::NotEqual => {
                self.condition.values.push(Value::Integer(code));
                Ok(format!("{column} {} ?", sign(operator)?))
            }
            _ => Err("only = and != for status and kind".to_owned()),
        }
    }

    fn attribute(
        &mut self,
        scope: Scope,
        key: &str,
        operator: Operator,
        literal: &Literal,
    ) -> Result<Result<String, String>, Error> {
        if matches!(literal, Literal::Number(_) | Literal::Duration(_))
            && !matches!(operator, Operator::Equal | Operator::NotEqual)
        {
            return Ok(self.measure(scope, key, operator, literal));
        }
        let id: Option<i64> =
            self.db.query_row("SELECT id FROM key WHERE name = ?", [key], |row| row.get(0)).optional()?;
        let id = id.filter(|id| *id <= i64::from(u16::MAX));
        if let Literal::Word(word) = literal
            && word == "nil"
        {
            return Ok(Err("nil is not answered".to_owned()));
        }
        let alternatives = match alternatives(operator, literal) {
            Ok(alternatives) => alternatives,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut tests = vec!["0".to_owned()];
        for pattern in alternatives {
            if pattern.any_before || pattern.any_after {
                let problem = "attributes are matched with whole texts: a|b, without .*";
                // Everything matches, as Grafana asks for values of any kind.
                if pattern.text.is_empty() {
                    tests.push("1".to_owned());
                    continue;
                }
                return Ok(Err(problem.to_owned()));
            }
            let Some(id) = id else { continue };
            let entry = ((id as u64) << 48 | hash(&pattern.text)) as i64;
            let of_span = "has_entry(s.attributes, ?)";
            let of_resource = "s.resource IN (SELECT id FROM resource WHERE has_entry(attributes, ?))";
            for (test, is_asked) in [(of_span, scope != Scope::Resource), (of_resource, scope != Scope::Span)] {
                if is_asked {
                    tests.push(test.to_owned());
                    self.condition.values.push(Value::Integer(entry));
                }
            }
        }
        Ok(Ok(negated(operator, &tests.join(" OR "))))
    }

    /// Compares a number, which only the bytes have.
    fn measure(&mut self, scope: Scope, key: &str, operator: Operator, literal: &Literal) -> Result<String, String> {
        let sign = sign(operator)?;
        let (Literal::Number(number) | Literal::Duration(number)) = literal else {
            return Err(format!("a number, not {literal:?}"));
        };
        let of_span = "number_of(0, (SELECT raw FROM raw_span WHERE id = s.id), ?)";
        let of_resource = "number_of(1, (SELECT raw FROM resource WHERE id = s.resource), ?)";
        let mut tests = Vec::new();
        for (column, is_asked) in [(of_span, scope != Scope::Resource), (of_resource, scope != Scope::Span)] {
            if is_asked {
                tests.push(format!("coalesce({column} {sign} ?, 0)"));
                self.condition.values.extend([Value::Text(key.to_owned()), Value::Real(*number)]);
            }
        }
        Ok(format!("({})", tests.join(" OR ")))
    }
}

/// A text, perhaps with anything before or after it.
struct Pattern {
    text: String,
    any_before: bool,
    any_after: bool,
}

/// Returns the texts that a value stands for: one, or the alternatives of a simple pattern.
fn alternatives(operator: Operator, literal: &Literal) -> Result<Vec<Pattern>, String> {
    let text = match literal {
        Literal::Text(text) | Literal::Word(text) => text.clone(),
        Literal::Number(number) | Literal::Duration(number) => number.to_string(),
    };
    match operator {
        Operator::Equal | Operator::NotEqual => Ok(vec![Pattern { text, any_before: false, any_after: false }]),
        Operator::Matches | Operator::NotMatches => text.split('|').map(pattern).collect(),
        _ => Err("texts have no order".to_owned()),
    }
}

fn pattern(text: &str) -> Result<Pattern, String> {
    let (before, after) = (text.strip_prefix(".*"), text.strip_suffix(".*"));
    let inner = before.unwrap_or(text);
    let inner = inner.strip_suffix(".*").unwrap_or(inner);
    let mut plain = String::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => plain.extend(chars.next()),
            // Names are full of dots; a dot that stands for any character matches itself too.
            '.' => plain.push('.'),
            '*' | '+' | '?' | '[' | ']' | '(' | ')' | '{' | '}' | '^' | '$' => {
                return Err(format!("only alternatives of plain texts are matched: a|b.*, not {text:?}"));
            }
            char => plain.push(char),
        }
    }
    Ok(Pattern { text: plain, any_before: before.is_some(), any_after: after.is_some() })
}

fn negated(operator: Operator, test: &str) -> String {
    let is_negated = matches!(operator, Operator::NotEqual | Operator::NotMatches);
    format!("({}coalesce({test}, 0))", if is_negated { "NOT " } else { "" })
}

fn sign(operator: Operator) -> Result<&'static str, String> {
    Ok(match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Matches | Operator::NotMatches => return Err("=~ and !~ are for texts".to_owned()),
    })
}
