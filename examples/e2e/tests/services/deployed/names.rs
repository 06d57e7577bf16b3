//! The names in the alarms and queries of `monitoring.yaml` are in the lines of the functions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::templates::MONITORING;

/// The report in JSON that Lambda writes at the end of an invocation. MiniStack writes the report as text.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report>
const REPORT: &str = r#"{"time":"2026-11-26T00:00:00.000Z","type":"platform.report","record":{"requestId":"1","status":"timeout",
    "metrics":{"durationMs":3000,"billedDurationMs":3000,"memorySizeMB":128,"maxMemoryUsedMB":30,"initDurationMs":20}}}"#;

/// The metric of the records lost before an export. Losses begin with a backlog of 4 MiB. The test fills no backlog,
/// and only checks the name of the metric.
const LOST_BEFORE_EXPORT: &str = "otel.sdk.processor.span.processed";

const TELEMETRY: &str = include_str!("../../../../deploy/functions/telemetry.rs");

/// The words of the language of queries.
const WORDS: [&str; 12] =
    ["and", "as", "asc", "by", "desc", "fields", "filter", "like", "limit", "or", "sort", "stats"];

/// Asserts that each metric of the functions in an alarm is in a document of the embedded metric format, with the
/// dimensions of the alarm.
pub(super) fn assert_metrics(lines: &[Value]) {
    let queries: Vec<_> = MONITORING.split("SELECT ").skip(1).filter(|query| !query.contains('\\')).collect();
    let mut own = 0;
    for query in queries {
        let (_, metric) = query.split_once('(').unwrap();
        let metric = metric.split(')').next().unwrap().trim_matches('"');
        let (_, schema) = query.split_once("SCHEMA(").unwrap();
        let schema: Vec<_> = schema.split(')').next().unwrap().split(", ").map(|name| name.trim_matches('"')).collect();
        let [namespace, dimensions @ ..] = &schema[..] else { panic!("{query}") };
        if *namespace != "${System}" {
            continue;
        }
        own += 1;
        let dimensions = if metric == LOST_BEFORE_EXPORT { &["service"] } else { dimensions };
        let is_written = lines.iter().any(|line| {
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            let names = directive["Metrics"].as_array().into_iter().flatten();
            let is_named = names.map(|metric| &metric["Name"]).any(|name| name == metric);
            is_named && directive["Namespace"] == "shop" && directive["Dimensions"] == json!([dimensions])
        });
        let documents: Vec<_> = lines.iter().filter_map(|line| line.get("_aws")).map(Value::to_string).collect();
        assert!(is_written, "no document has {metric} by {dimensions:?}: {documents:#?}");
    }
    let written = TELEMETRY.split_once("METRICS: [").unwrap().1.split("];").next().unwrap();
    let written = written.split('"').skip(1).step_by(2).filter(|metric| MONITORING.contains(metric)).count();
    assert_eq!((own, written), (5, 5), "each built-in metric of the functions has an alarm");
}

/// Asserts that each field of a query is in a line of the functions, or in Lambda's report.
pub(super) fn assert_fields(lines: &[Value]) {
    let mut known: BTreeSet<String> = ["@log", "@message", "@timestamp"].map(str::to_owned).into();
    let report = serde_json::from_str(REPORT).unwrap();
    lines.iter().chain([&report]).for_each(|line| flatten("", line, &mut known));
    let mut queries = 0;
    for query in MONITORING.split("QueryString: |\n").skip(1) {
        let is_query = |line: &&str| line.starts_with("        ");
        let query: String = query.lines().take_while(is_query).map(|line| format!("{line}\n")).collect();
        let fields = fields(&query);
        let unknown: Vec<_> = fields.difference(&known).collect();
        assert!(!fields.is_empty() && unknown.is_empty(), "{unknown:?} of {query} are in no line: {known:#?}");
        queries += 1;
    }
    assert!(queries > 5, "{queries} queries");
}

/// Collects the names of the fields that CloudWatch Logs Insights finds in a line.
fn flatten(prefix: &str, value: &Value, names: &mut BTreeSet<String>) {
    let mut add = |key: &str, value: &Value| {
        let name = if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
        flatten(&name, value, names);
        names.insert(name);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| add(key, value)),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| add(&index.to_string(), value));
        }
        _ => {}
    }
}

/// Returns the names of fields in a query, without words of the language, functions, texts, and names given by `as`.
fn fields(query: &str) -> BTreeSet<String> {
    let (mut fields, mut given) = (BTreeSet::new(), BTreeSet::new());
    let (mut rest, mut last) = (query, "");
    while let Some(first) = rest.chars().next() {
        let is_pattern = first == '/' && last == "like";
        let end = |from: &str, mark: char| from[1..].find(mark).map_or(from.len(), |end| end + 2);
        let length = match first {
            '"' | '`' => end(rest, first),
            '/' if is_pattern => end(rest, '/'),
            _ if is_of_name(first) => rest.find(|c| !is_of_name(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let is_name = first == '`' || first == '@' || first.is_alphabetic();
        if is_name && last == "as" {
            given.insert(token.to_owned());
        } else if is_name && !WORDS.contains(&token) && !after.starts_with('(') {
            fields.insert(token.trim_matches('`').to_owned());
        }
        if is_name {
            last = token;
        }
        rest = after;
    }
    fields.difference(&given).cloned().collect()
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "@._".contains(c)
}

#[test]
fn the_fields_of_a_query_are_found() {
    let query =
        "filter @message like /^no: x/ and `x-id` = \"a b\"\n| stats sum(a.b * c) / 1024 as d by e.0\n| sort d desc";
    let expected = ["@message", "a.b", "c", "e.0", "x-id"].map(str::to_owned);
    assert_eq!(fields(query), expected.into());
}
