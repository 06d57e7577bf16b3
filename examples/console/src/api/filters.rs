//! Filters of spans, as SQL over `span s`.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Failure, Parameters};
use crate::rows::hash;
use crate::store;

/// The kinds of spans by their codes in OTLP.
pub(crate) const KINDS: [(&str, i64); 6] =
    [("internal", 1), ("server", 2), ("client", 3), ("producer", 4), ("consumer", 5), ("unspecified", 0)];

/// The states of spans by their codes in OTLP.
pub(crate) const STATUSES: [(&str, i64); 3] = [("unset", 0), ("ok", 1), ("error", 2)];

/// The most conditions on attributes. SQLite takes no statement that is nested a thousand deep.
const MAX_ATTRIBUTES: usize = 100;

/// Returns the name of a kind.
pub(crate) fn kind_name(code: i64) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == code && code != 0).map_or("internal", |(name, _)| name)
}

/// Returns the name of a status.
pub(crate) fn status_name(code: i64) -> &'static str {
    STATUSES.iter().find(|(_, known)| *known == code).map_or("unset", |(name, _)| name)
}

/// The filters of a URL.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) services: Vec<String>,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<i64>,
    pub(crate) status: Option<i64>,
    pub(crate) attributes: Vec<Attribute>,
}

/// A condition on an attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) is_equal: bool,
}

/// A condition of SQL and its values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    /// Adds a condition that must hold too.
    pub(crate) fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        self.sql.push_str(if self.sql.is_empty() { "(" } else { " AND (" });
        self.sql.push_str(sql);
        self.sql.push(')');
        self.values.extend(values);
    }

    /// Returns the SQL, which holds for everything without a condition.
    pub(crate) fn sql(&self) -> &str {
        if self.sql.is_empty() { "1" } else { &self.sql }
    }
}

impl Filters {
    /// Reads the filters of a URL.
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, Failure> {
        Ok(Filters {
            from: parameters.nanos("from")?,
            to: parameters.nanos("to")?,
            min: parameters.nanos("min")?,
            max: parameters.nanos("max")?,
            services: parameters.all("service").map(str::to_owned).collect(),
            name: parameters.get("name").map(str::to_owned),
            kind: parameters.word("kind", &KINDS)?,
            status: parameters.word("status", &STATUSES)?,
            attributes: attributes(parameters)?,
        })
    }

    /// Returns `true` if the rollups have what is asked for.
    pub(crate) fn is_plain(&self) -> bool {
        self.min.is_none() && self.max.is_none() && self.status.is_none() && self.attributes.is_empty()
    }

    /// Returns the condition of everything but times.
    pub(crate) fn condition(&self, db: &Connection) -> Result<Condition, store::Error> {
        let mut condition = Condition::default();
        if !self.services.is_empty() {
            let marks = vec!["?"; self.services.len()].join(", ");
            condition.and(
                &format!(
                    "s.operation IN (SELECT o.id FROM operation o JOIN service v ON v.id = o.service WHERE v.name IN ({marks}))"
                ),
                self.services.iter().map(|name| Value::Text(name.clone())),
            );
        }
        for (column, value) in [("name", self.name.clone().map(Value::Text)), ("kind", self.kind.map(Value::Integer))] {
            if let Some(value) = value {
                condition.and(&format!("s.operation IN (SELECT id FROM operation WHERE {column} = ?)"), [value]);
            }
        }
        let bounds = [("s.status = ?", self.status), ("s.duration >= ?", self.min), ("s.duration < ?", self.max)];
        for (sql, value) in bounds {
            if let Some(value) = value {
                condition.and(sql, [Value::Integer(value)]);
            }
        }
        for attribute in &self.attributes {
            attribute.add(&mut condition, db)?;
        }
        Ok(condition)
    }

    /// Returns the attributes that a span or its resource must have, as lists of attributes have them.
    pub(crate) fn entries(&self, db: &Connection) -> Result<Vec<i64>, store::Error> {
        let is_listed = |one: &&Attribute| one.is_equal && !matches!(one.key.as_str(), "name" | "kind" | "status");
        let entries = self.attributes.iter().filter(is_listed).map(|one| entry(db, &one.key, &one.value));
        Ok(entries.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Adds the times to a condition.
    pub(crate) fn between(condition: &mut Condition, column: &str, from: Option<i64>, to: Option<i64>) {
        for (operator, bound) in [(">=", from), ("<", to)] {
            if let Some(bound) = bound {
                condition.and(&format!("{column} {operator} ?"), [Value::Integer(bound)]);
            }
        }
    }
}

impl Attribute {
    fn add(&self, condition: &mut Condition, db: &Connection) -> Result<(), store::Error> {
        let not = if self.is_equal { "" } else { "NOT " };
        let column = match self.key.as_str() {
            "name" => Some(("name", Value::Text(self.value.clone()))),
            "kind" => Some(("kind", code(&KINDS, &self.value))),
            _ => None,
        };
        if let Some((column, value)) = column {
            let sql = format!("{not}s.operation IN (SELECT id FROM operation WHERE {column} = ?)");
            condition.and(&sql, [value]);
        } else if self.key == "status" {
            condition.and(&format!("{not}s.status = ?"), [code(&STATUSES, &self.value)]);
        } else {
            match entry(db, &self.key, &self.value)? {
                Some(entry) => condition.and(
                    &format!(
                        "{not}(has_entry(s.attributes, ?) OR s.resource IN (SELECT id FROM resource WHERE has_entry(attributes, ?)))"
                    ),
                    [Value::Integer(entry), Value::Integer(entry)],
                ),
                // No span has the key.
                None => condition.and(&format!("{not}0"), []),
            }
        }
        Ok(())
    }
}

fn code(names: &[(&str, i64)], name: &str) -> Value {
    Value::Integer(names.iter().find(|(known, _)| *known == name).map_or(-1, |(_, code)| *code))
}

/// Returns an attribute as lists of attributes have it; `None` for an unknown key.
fn entry(db: &Connection, key: &str, value: &str) -> Result<Option<i64>, store::Error> {
    let key: Option<i64> = db.query_row("SELECT id FROM key WHERE name = ?", [key], |row| row.get(0)).optional()?;
    Ok(key.filter(|key| *key <= i64::from(u16::MAX)).map(|key| ((key as u64) << 48 | hash(value)) as i64))
}

fn attributes(parameters: &Parameters) -> Result<Vec<Attribute>, Failure> {
    if parameters.all("where").count() > MAX_ATTRIBUTES {
        return Err(Failure::Parameter(format!("where: at most {MAX_ATTRIBUTES} conditions")));
    }
    parameters.all("where").map(attribute).collect()
}

fn attribute(text: &str) -> Result<Attribute, Failure> {
    let place = text.find('=').filter(|place| *place > 0);
    let place = place.ok_or_else(|| Failure::Parameter(format!("where: key=value or key!=value, not {text:?}")))?;
    let (key, value) = text.split_at(place);
    let (key, is_equal) = match key.strip_suffix('!') {
        Some(key) => (key, false),
        None => (key, true),
    };
    Ok(Attribute { key: key.to_owned(), value: value.strip_prefix('=').unwrap_or(value).to_owned(), is_equal })
}
