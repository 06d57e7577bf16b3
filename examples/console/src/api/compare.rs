//! How a selection of the heat map differs from the rest, attribute by attribute.

mod count;

use axum::Json;
use axum::extract::State;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rusqlite::Connection;
use serde_json::{Value, json};

use self::count::{Key, Pair, Selection, Values, count};
use super::answer::{duration, seq, time};
use super::attributes::MAX_VALUE;
use super::filters::{kind_name, status_name};
use super::heatmap::Whole;
use super::{Answer, Api, Parameters};
use crate::rows;
use crate::store;

/// The values of an attribute in an answer.
const MAX_VALUES: usize = 8;

/// `GET /api/v1/compare`
pub(crate) async fn answer(State(api): State<Api>, parameters: Parameters) -> Answer {
    let (whole, selection) = (Whole::read(&parameters)?, Selection::read(&parameters)?);
    let limit = parameters.number("limit", 1..=50)?.unwrap_or(20);
    Ok(Json(api.store.read(move |db| read(db, &whole, selection, limit)).await?))
}

fn read(db: &Connection, whole: &Whole, selection: Selection, limit: usize) -> Result<Value, store::Error> {
    let counted = count(db, whole, selection)?;
    let sides = counted.sides;
    let mut ranked: Vec<(f64, Key, &Values)> = counted
        .keys
        .iter()
        .filter(|(_, values)| !values.is_unique(counted.nth))
        .map(|(key, values)| (values.score(sides), *key, values))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut attributes = Vec::new();
    for (score, key, values) in ranked.into_iter().take(limit) {
        attributes.push(attribute(db, key, values, score, sides)?);
    }
    Ok(json!({
        "seq": seq(db)?, "inside": sides[0], "outside": sides[1], "sampled": counted.nth > 1,
        "attributes": attributes, "examples": examples(db, counted.examples)?,
    }))
}

fn attribute(db: &Connection, key: Key, values: &Values, score: f64, sides: Pair) -> Result<Value, store::Error> {
    let name: String = match key {
        Key::Attribute(key) | Key::ResourceAttribute(key) => {
            db.query_row("SELECT name FROM key WHERE id = ?", [key], |row| row.get(0))?
        }
        Key::Operation => "name".to_owned(),
        Key::Status => "status".to_owned(),
    };
    let mut sorted: Vec<(&u64, &(Pair, i64))> = values.counts.iter().collect();
    let share =
        |[inside, outside]: Pair| inside as f64 / sides[0].max(1) as f64 - outside as f64 / sides[1].max(1) as f64;
    sorted.sort_by(|(a, (x, _)), (b, (y, _))| share(*y).abs().total_cmp(&share(*x).abs()).then(a.cmp(b)));
    let mut others = [0, 0];
    let mut shown = Vec::new();
    for (place, (value, (counts, row))) in sorted.into_iter().enumerate() {
        let text = if place < MAX_VALUES { Some(value_of(db, key, &name, *value, *row)?) } else { None };
        match text.filter(|text| text.len() <= MAX_VALUE) {
            Some(text) => shown.push(json!({ "value": text, "inside": counts[0], "outside": counts[1] })),
            None => others = [others[0] + counts[0], others[1] + counts[1]],
        }
    }
    Ok(json!({
        "key": name, "score": (score * 1e4).round() / 1e4, "values": shown,
        "others": { "inside": others[0], "outside": others[1] },
        "absent": {
            "inside": sides[0].saturating_sub(values.total[0]), "outside": sides[1].saturating_sub(values.total[1]),
        },
    }))
}

/// Returns the text of a value, from a span that has it.
fn value_of(db: &Connection, key: Key, name: &str, value: u64, row: i64) -> Result<String, store::Error> {
    let raw = |sql: &str| db.query_row(sql, [row], |row| row.get::<_, Vec<u8>>(0));
    let attributes = match key {
        Key::Status => return Ok(status_name(value as i64).to_owned()),
        Key::Operation => {
            let sql = "SELECT name, kind FROM operation WHERE id = ?";
            let (name, _kind) =
                db.query_row(sql, [value as i64], |row| Ok((row.get::<_, String>(0)?, kind_name(row.get(1)?))))?;
            return Ok(name);
        }
        Key::Attribute(_) => {
            Span::decode(raw("SELECT raw FROM raw_span WHERE id = ?")?.as_slice()).unwrap_or_default().attributes
        }
        Key::ResourceAttribute(_) => {
            let raw = raw("SELECT e.raw FROM span s JOIN resource e ON e.id = s.resource WHERE s.id = ?")?;
            Resource::decode(raw.as_slice()).unwrap_or_default().attributes
        }
    };
    // A key may be there twice: the one with the hash.
    let texts = attributes
        .iter()
        .filter(|pair| pair.key == name)
        .map(|pair| pair.value.as_ref().map(rows::text).unwrap_or_default());
    let mut texts: Vec<String> = texts.collect();
    let place = texts.iter().position(|text| rows::hash(text) << 16 == value).unwrap_or(0);
    Ok(if texts.is_empty() { String::new() } else { texts.swap_remove(place) })
}

/// Returns up to three spans of different requests: the longest, one in the middle, the shortest.
fn examples(db: &Connection, mut inside: Vec<(i64, i64)>) -> Result<Vec<Value>, store::Error> {
    inside.sort_unstable_by(|a, b| b.cmp(a));
    let middle = inside.len() / 2;
    let groups =
        [inside.get(..1), inside.get(middle..), inside.get(inside.len().saturating_sub(1)..), Some(&inside[..])];
    let mut examples: Vec<(i64, Value)> = Vec::new();
    let mut statement = db.prepare(
        "SELECT t.request, q.key, s.start, s.duration, s.status FROM span s JOIN trace t ON t.id = s.trace
           JOIN request q ON q.id = t.request WHERE s.id = ?",
    )?;
    for group in groups.into_iter().flatten() {
        for (_, id) in group.iter().take(50) {
            let (request, example) = statement.query_row([id], |row| {
                let example = json!({
                    "request": row.get::<_, String>(1)?, "span": id, "start": time(row.get(2)?),
                    "duration": duration(row.get(3)?), "status": status_name(row.get(4)?),
                });
                Ok((row.get::<_, i64>(0)?, example))
            })?;
            if examples.len() < 3 && examples.iter().all(|(known, _)| *known != request) {
                examples.push((request, example));
                break;
            }
        }
    }
    Ok(examples.into_iter().map(|(_, example)| example).collect())
}
