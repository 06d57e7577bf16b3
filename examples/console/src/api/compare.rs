//! How a selection of the heat map differs from the rest, attribute by attribute.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Value, json};

use super::answer::{duration, seq, time};
use super::filters::{kind_name, status_name};
use super::heatmap::{Whole, is_most};
use super::{Answer, Api, Failure, Parameters};
use crate::rows;
use crate::store;

/// The spans that are counted. Of more, each has the same chance.
const MAX_COUNTED: i64 = 400_000;

/// The values of an attribute in an answer.
const MAX_VALUES: usize = 8;

/// The different values that are kept apart for an attribute. One with more is an id.
const MAX_DIFFERENT: usize = 2000;

/// A rectangle, a strip or a band of the heat map.
#[derive(Clone, Copy, Debug, Default)]
struct Selection {
    from: Option<i64>,
    to: Option<i64>,
    min: Option<i64>,
    max: Option<i64>,
}

impl Selection {
    fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let selection = Selection {
            from: parameters.nanos("sel_from")?,
            to: parameters.nanos("sel_to")?,
            min: parameters.nanos("sel_min")?,
            max: parameters.nanos("sel_max")?,
        };
        let bounds = [selection.from, selection.to, selection.min, selection.max];
        if bounds.iter().all(Option::is_none) {
            return Err(Failure::Parameter(
                "sel_from and sel_to, sel_min and sel_max, or all four: a selection".to_owned(),
            ));
        }
        Ok(selection)
    }

    fn has(&self, start: i64, duration: i64) -> bool {
        self.from.is_none_or(|from| start >= from)
            && self.to.is_none_or(|to| start < to)
            && self.min.is_none_or(|min| duration >= min)
            && self.max.is_none_or(|max| duration < max)
    }
}

/// Counts inside and outside.
type Pair = [u64; 2];

/// The values of a key.
#[derive(Default)]
struct Values {
    /// By the hash or the code of a value: the counts, and a row that has it.
    counts: HashMap<u64, (Pair, i64)>,
    total: Pair,
    is_id: bool,
}

impl Values {
    fn add(&mut self, value: u64, row: i64, side: usize, count: u64) {
        if let Some(total) = self.total.get_mut(side) {
            *total += count;
        }
        if self.is_id {
            return;
        }
        let (counts, _) = self.counts.entry(value).or_insert(([0; 2], row));
        if let Some(counted) = counts.get_mut(side) {
            *counted += count;
        }
        if self.counts.len() > MAX_DIFFERENT {
            (self.is_id, self.counts) = (true, HashMap::new());
        }
    }

    /// Half the sum of the differences of shares; spans without the key are a value too.
    fn score(&self, sides: Pair) -> f64 {
        let [inside, outside] = sides.map(|count| (count as f64).max(1.0));
        let difference = |counts: Pair| (counts[0] as f64 / inside - counts[1] as f64 / outside).abs();
        let absent = [sides[0].saturating_sub(self.total[0]), sides[1].saturating_sub(self.total[1])];
        (self.counts.values().map(|(counts, _)| difference(*counts)).sum::<f64>() + difference(absent)) / 2.0
    }

    /// Returns `true` if nearly every span has a value of its own.
    fn is_unique(&self) -> bool {
        let total = self.total[0] + self.total[1];
        self.is_id || (total > 20 && self.counts.len() as u64 > total / 2)
    }
}

/// A key of what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Attribute(u16),
    ResourceAttribute(u16),
    Operation,
    Status,
}

/// What was counted.
#[derive(Default)]
struct Counted {
    sides: Pair,
    keys: HashMap<Key, Values>,
    /// Spans inside, by duration: some of them.
    examples: Vec<(i64, i64)>,
    is_sampled: bool,
}

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
        .filter(|(_, values)| !values.is_unique())
        .map(|(key, values)| (values.score(sides), *key, values))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut attributes = Vec::new();
    for (score, key, values) in ranked.into_iter().take(limit) {
        attributes.push(attribute(db, key, values, score, sides)?);
    }
    Ok(json!({
        "seq": seq(db)?, "inside": sides[0], "outside": sides[1], "sampled": counted.is_sampled,
        "attributes": attributes, "examples": examples(db, counted.examples)?,
    }))
}

fn count(db: &Connection, whole: &Whole, selection: Selection) -> Result<Counted, store::Error> {
    let (from, to) = whole.times(db)?;
    let condition = whole.condition(db, from, to)?;
    let is_scan = is_most(db, whole, from, to)?;
    let all: i64 = db.query_row("SELECT coalesce(sum(spans), 0) FROM request", [], |row| row.get(0))?;
    // Rows are numbered as they come in, so every nth row is a fair sample.
    let nth = (all / MAX_COUNTED).max(1);
    let mut counted = Counted { is_sampled: nth > 1, ..Counted::default() };
    let sql = format!(
        "SELECT s.id, s.start, s.duration, s.operation, s.status, s.resource, s.attributes FROM span s {} WHERE {}",
        if is_scan { "NOT INDEXED" } else { "" },
        condition.sql()
    );
    let mut statement = db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(&condition.values))?;
    let mut resources: HashMap<i64, [u64; 2]> = HashMap::new();
    let mut samples: HashMap<i64, i64> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (id, start, duration): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let is_inside = selection.has(start, duration);
        // Selections are small: all of one is counted.
        let weight = if is_inside { 1 } else { nth as u64 };
        if !is_inside && id % nth != 0 {
            continue;
        }
        let side = usize::from(!is_inside);
        if let Some(count) = counted.sides.get_mut(side) {
            *count += weight;
        }
        let (operation, status, resource): (i64, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        counted.keys.entry(Key::Operation).or_default().add(operation as u64, id, side, weight);
        counted.keys.entry(Key::Status).or_default().add(status as u64, id, side, weight);
        let of_resource = resources.entry(resource).or_default();
        if let Some(count) = of_resource.get_mut(side) {
            *count += weight;
        }
        samples.entry(resource).or_insert(id);
        for entry in row.get_ref(6)?.as_blob().unwrap_or_default().as_chunks::<8>().0 {
            let entry = u64::from_be_bytes(*entry);
            let key = Key::Attribute((entry >> 48) as u16);
            counted.keys.entry(key).or_default().add(entry << 16, id, side, weight);
        }
        if is_inside && counted.examples.len() < 10_000 {
            counted.examples.push((duration, id));
        }
    }
    for (resource, counts) in resources {
        let attributes: Vec<u8> = db
            .prepare_cached("SELECT attributes FROM resource WHERE id = ?")?
            .query_row([resource], |row| row.get(0))?;
        let sample = samples.get(&resource).copied().unwrap_or(0);
        for entry in attributes.as_chunks::<8>().0 {
            let entry = u64::from_be_bytes(*entry);
            let values = counted.keys.entry(Key::ResourceAttribute((entry >> 48) as u16)).or_default();
            for (side, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                values.add(entry << 16, sample, side, *count);
            }
        }
    }
    Ok(counted)
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
        if place < MAX_VALUES {
            let text = value_of(db, key, &name, *value, *row)?;
            shown.push(json!({ "value": text, "inside": counts[0], "outside": counts[1] }));
        } else {
            others = [others[0] + counts[0], others[1] + counts[1]];
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
