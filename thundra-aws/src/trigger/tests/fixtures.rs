//! The events of AWS, and the facts in [`events.md`](./events.md) about each event: the fixtures of
//! `aws_lambda_events`, and the fixtures in `tests/events`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use serde_json::Value as Json;
use thundra_core::propagation::Trust;

use super::{OTHER, attributes, config, recognised};
use crate::trigger::Trigger;

/// The table, with the columns of [`row`] and a column for the reason.
const TABLE: &str = include_str!("events.md");
const COLUMNS: usize = 9;

/// Returns all events by name.
pub(super) fn events() -> BTreeMap<String, Vec<u8>> {
    let (theirs, ours) = (read(&their_folder(), "example-"), read(&our_folder(), ""));
    assert!(theirs.len() > 100 && !ours.is_empty(), "{} events of theirs, {} of ours", theirs.len(), ours.len());
    let both: Vec<_> = ours.keys().filter(|name| theirs.contains_key(*name)).collect();
    assert!(both.is_empty(), "the names of two events: {both:?}");
    theirs.into_iter().chain(ours).collect()
}

fn our_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events")
}

/// Returns the folder of the fixtures of `aws_lambda_events`.
fn their_folder() -> PathBuf {
    let metadata = |extra: &[&str]| {
        let output =
            Command::new(env!("CARGO")).args(["metadata", "--format-version", "1"]).args(extra).output().unwrap();
        serde_json::from_slice::<Json>(&output.stdout).ok()
    };
    let metadata = metadata(&["--offline", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .or_else(|| metadata(&[]))
        .expect("cargo metadata");
    let package = metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "aws_lambda_events").unwrap();
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("src").join("fixtures")
}

fn read(folder: &Path, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let events = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().trim_start_matches(prefix).to_owned();
    events.map(|path| (name(&path), std::fs::read(path).unwrap())).collect()
}

/// Returns the rows of the table by the name of the event. Each has the cells of [`row`] and the reason.
fn table() -> BTreeMap<&'static str, [&'static str; COLUMNS]> {
    let mut rows = BTreeMap::new();
    for line in TABLE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| event ")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let row: [_; COLUMNS] = cells.try_into().unwrap_or_else(|_| panic!("the cells of {line}"));
        assert!(rows.insert(row[0], row).is_none(), "two rows of {}", row[0]);
    }
    rows
}

/// Returns the cells of an event, all but the reason.
fn row(event: &str, trigger: &Trigger) -> [String; COLUMNS - 1] {
    let distinct = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<_>>().join(", ");
    let inbound = || trigger.messages.iter().map(|message| &message.inbound);
    let ids = inbound().flat_map(|inbound| inbound.correlation.iter().map(|(key, id)| format!("{key}={id}")));
    let default = trigger.default_correlation_id.iter().map(|id| format!("default {id}"));
    [
        event.to_owned(),
        trigger.source.name.to_owned(),
        trigger.source.faas_trigger.as_str().to_owned(),
        trigger.span_name.clone().unwrap_or_default(),
        if trigger.trust == Trust::Full { "full" } else { "edge" }.to_owned(),
        trigger.messages.len().to_string(),
        distinct(inbound().map(|inbound| inbound.source.as_str().to_owned()).collect()),
        distinct(ids.chain(default).collect()),
    ]
}

#[test]
fn each_event_is_read_as_the_table_says() {
    let (events, mut rows) = (events(), table());
    let mut wrong = String::new();
    for (event, text) in &events {
        let trigger = recognised(text, &config(&[]));
        let [expected @ .., reason] = rows.remove(event.as_str()).unwrap_or_default();
        let read = row(event, &trigger);
        let is_explained = !reason.is_empty() || !std::ptr::eq(trigger.source, &OTHER);
        if read != expected || !is_explained {
            let cells = read.iter().map(String::as_str).chain([if is_explained { reason } else { "WHY?" }]);
            wrong += &cells
                .map(|cell| if cell.is_empty() { "| ".to_owned() } else { format!("| {cell} ") })
                .collect::<String>();
            wrong += "|\n";
        }
        assert_eq!(trigger.attributes[0], ("faas.trigger", trigger.faas_trigger.as_str().into()), "{event}");
        assert_eq!(trigger.is_batch(), trigger.messages.len() > 1, "{event}");
    }
    assert!(wrong.is_empty(), "other rows than in events.md:\n{wrong}");
    assert!(rows.is_empty(), "rows without an event: {:?}", rows.keys());
}

#[test]
fn each_event_is_read_alike_in_any_order_of_its_members() {
    let read = |event: &str, text: &[u8]| {
        let trigger = recognised(text, &config(&[]));
        (row(event, &trigger), attributes(&trigger))
    };
    let member = |(name, value): (&String, &Json)| format!("{}:{value}", Json::from(name.as_str()));
    for (event, text) in events() {
        let sorted: Json = serde_json::from_slice(&text).unwrap();
        let expected = read(&event, sorted.to_string().as_bytes());
        assert_eq!(expected.0, row(&event, &recognised(&text, &config(&[]))));
        let Json::Object(members) = sorted else { continue };
        let mut members: Vec<_> = members.iter().map(member).collect();
        for _ in 0..members.len() {
            members.rotate_left(1);
            for _ in 0..2 {
                members.reverse();
                let text = format!("{{{}}}", members.join(","));
                assert_eq!(read(&event, text.as_bytes()), expected, "{text}");
            }
        }
    }
}

#[test]
fn our_events_name_their_source() {
    let readme = std::fs::read_to_string(our_folder().join("README.md")).unwrap();
    for event in read(&our_folder(), "").keys() {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{event}.json` |")));
        assert!(row.is_some_and(|row| row.contains("https://")), "no page of {event}.json");
    }
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let events: Vec<_> = events().into_values().collect();
    (0..events.len(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(move |(n, at, byte, cut)| {
        let mut body = events[n].clone();
        let at = at.index(body.len());
        if cut {
            body.truncate(at)
        } else {
            body[at] = byte
        }
        body
    })
}

proptest! {
    #[test]
    fn damaged_events_are_some_trigger(body in damaged()) {
        recognised(&body, &config(&[]));
    }
}
