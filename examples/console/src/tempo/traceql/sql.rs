//! A query as SQL over `span s`, its trace `t`, and the trace's root operation `ro` of the service `rv`.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Expression, Field, Literal, Operator, Scope};
use crate::api::filters::{Condition, KINDS, STATUSES};
use crate::rows::hash;
use crate::store::{Error, whole};

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
        Ok(self.text(column, operator, literal))
    }

    fn text(&mut self, column: &str, operator: Operator, literal: &Literal) -> Result<String, String> {
        let text = text(literal);
        let test = match operator {
            Operator::Equal | Operator::NotEqual => format!("{column} = ?"),
            Operator::Matches | Operator::NotMatches => {
                whole(&text).map_err(|error| error.to_string())?;
                format!("matches(?, {column})")
            }
            _ => return Err("texts have no order".to_owned()),
        };
        self.condition.values.push(Value::Text(text));
        Ok(negated(operator, &test))
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
        let text = text(literal);
        let is_pattern = match operator {
            Operator::Equal | Operator::NotEqual => false,
            Operator::Matches | Operator::NotMatches => true,
            _ => return Ok(Err("texts have no order".to_owned())),
        };
        // Everything matches, as Grafana asks for values of any kind.
        if is_pattern && text == ".*" {
            return Ok(Ok(negated(operator, "1")));
        }
        if is_pattern && !is_plain(&text) {
            return Ok(self.pattern(scope, key, operator, text));
        }
        let mut tests = vec!["0".to_owned()];
        for text in if is_pattern { text.split('|').collect() } else { vec![text.as_str()] } {
            let Some(id) = id else { continue };
            let entry = ((id as u64) << 48 | hash(text)) as i64;
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

    /// Matches a text with a regular expression. Only the bytes have the text.
    fn pattern(&mut self, scope: Scope, key: &str, operator: Operator, text: String) -> Result<String, String> {
        whole(&text).map_err(|error| error.to_string())?;
        let of_span = "matches(?, text_of(0, (SELECT raw FROM raw_span WHERE id = s.id), ?))";
        let of_resource = "matches(?, text_of(1, (SELECT raw FROM resource WHERE id = s.resource), ?))";
        let mut tests = Vec::new();
        for (test, is_asked) in [(of_span, scope != Scope::Resource), (of_resource, scope != Scope::Span)] {
            if is_asked {
                tests.push(test);
                self.condition.values.extend([Value::Text(text.clone()), Value::Text(key.to_owned())]);
            }
        }
        Ok(negated(operator, &tests.join(" OR ")))
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

/// Returns the text of a value.
fn text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) | Literal::Word(text) => text.clone(),
        Literal::Number(number) | Literal::Duration(number) => number.to_string(),
    }
}

/// The most plain texts that are looked for one by one. Of more, the pattern is matched.
const MAX_ALTERNATIVES: usize = 100;

/// Returns `true` for alternatives of plain texts, which the lists of attributes answer. Names are full of dots:
/// without another sign, a dot stands for itself.
fn is_plain(pattern: &str) -> bool {
    pattern.split('|').count() <= MAX_ALTERNATIVES
        && !pattern.contains(['\\', '*', '+', '?', '[', ']', '(', ')', '{', '}', '^', '$'])
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
