//! Fields of spans and events, and changes to spans.

use super::*;

#[test]
fn spans_nest_and_keep_their_types() {
    #[instrument]
    fn outer(order: u32) {
        inner(true, 1.5);
        inner(false, -0.5);
    }
    #[instrument(fields(kind = "x"))]
    fn inner(flag: bool, ratio: f64) {}
    let (_, spans) = record("root", || outer(7));
    assert_eq!(
        tree(&spans),
        below_root(&[
            "└ outer order=7",
            "  ├ inner flag=true ratio=1.5 kind=x",
            "  └ inner flag=false ratio=-0.5 kind=x"
        ])
    );
    let inner = &spans[0];
    assert_eq!((inner.attribute("flag"), inner.attribute("ratio")), (Some(&Value::Bool(true)), Some(&Value::F64(1.5))));
}

#[test]
fn otel_fields_are_not_attributes() {
    assert_eq!(
        recorded(|| {
            let span =
                info_span!("a", otel.name = "GET /x", otel.kind = "CLIENT", otel.status_code = tracing::field::Empty);
            span.record("otel.status_code", "ERROR");
            let _b = info_span!("b", otel.status_code = "error", otel.status_description = "boom");
        }),
        below_root(&["├ GET /x [client] ✗ ", "└ b ✗ boom"])
    );
}

#[test]
fn a_name_counts_wherever_it_stands() {
    let long = "n".repeat(200);
    assert_eq!(
        recorded(|| {
            info_span!("a", otel.name = "first", x = 1);
            info_span!("b", x = 1, otel.name = %"between", y = 2);
            info_span!("c", otel.name = "before", x = 1, otel.name = "after");
            info_span!("d", otel.name = "twice", otel.name = "at once");
            info_span!("e", otel.name = "at first", x = 1).record("otel.name", "at last");
            info_span!(parent: None, "f", otel.name = long, x = 1);
            info_span!("g", otel.name = r#"{"password":"hunter2"}"#, x = 1);
        }),
        below_root(&[
            "├ first x=1",
            "├ between x=1 y=2",
            "├ after x=1",
            "├ at once",
            "├ at last x=1",
            format!("├ {long} x=1").as_str(),
            r#"└ {"password":"REDACTED"} x=1"#,
        ])
    );
}

#[test]
fn recording_a_key_again_replaces_it() {
    assert_eq!(
        recorded(|| {
            let span = info_span!("a", x = 1, y = "first");
            span.record("x", 2);
            span.set_attribute("y", "a much longer text than the first one");
            span.set_attribute("y", "third");
            span.set_attribute(format!("z.{}", 1), vec!["p".to_owned(), "q".to_owned()]);
        }),
        below_root(&["└ a x=2 y=third z.1=[p,q]"])
    );
}

#[test]
fn times_are_those_of_the_system_clock() {
    let before = std::time::SystemTime::now();
    let (_, spans) = record("root", || info_span!("inner").in_scope(|| info!("happened")));
    let [inner, root] = spans.as_slice() else { panic!("two spans") };
    let event = inner.events[0].time;
    let order = [before, root.start_time, inner.start_time, event, inner.end_time, root.end_time];
    assert!(order.is_sorted() && root.end_time <= std::time::SystemTime::now(), "{order:?}");
}

#[test]
fn attributes_and_kinds_of_a_span_can_be_changed_back() {
    assert_eq!(
        recorded(|| {
            let span = info_span!("call", number = 7, kept = "x");
            span.set_kind(SpanKind::Client);
            span.remove_attribute("number");
            span.remove_attribute("never there");
            span.set_attribute("number", "again");
        }),
        below_root(&["└ call [client] kept=x number=again"])
    );
}

#[test]
fn a_span_can_begin_before_it_was_made() {
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
    let ((), spans) = record("root", || {
        let span = info_span!("call");
        span.set_start_time(began);
    });
    assert_eq!(spans[0].start_time, began);
    assert!(spans[0].end_time >= spans[1].start_time);
}

/// A value that cannot be formatted, as it writes itself and as an error.
struct Broken;

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("half of it, ")?;
        panic!("broken")
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Broken {}

#[test]
fn a_value_that_cannot_be_formatted_stops_nobody() {
    const PANICKED: &str = "(its text is not known: formatting it panicked)";
    #[instrument(err)]
    fn fails(argument: Broken) -> Result<(), Broken> {
        let _ = &argument;
        Err(Broken)
    }
    let (_, spans) = record("root", || {
        fails(Broken).unwrap_err();
        let span = info_span!("recorded", before = 1, broken = tracing::field::Empty, after = ?"x");
        span.record("broken", tracing::field::debug(Broken));
        span.in_scope(|| info!(broken = %Broken, error = &Broken as &dyn std::error::Error, "message {Broken:?}"));
        span.record_error(&Broken);
        info_span!("renamed", otel.name = %Broken, x = 1);
        info_span!("fine", x = ?Some(1));
    });
    let found = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let text = |name: &str, key: &str| found(name).attribute(key).unwrap().to_string();
    assert_eq!(text("fails", "argument"), PANICKED);
    assert_eq!(found("fails").status, Status::error(PANICKED));
    assert_eq!(
        [text("recorded", "before"), text("recorded", "broken"), text("recorded", "after")],
        ["1", PANICKED, "\"x\""]
    );
    assert_eq!(found("recorded").status, Status::error(PANICKED), "by record_error");
    assert_eq!(found("recorded").events.len(), 2);
    assert_eq!([text(PANICKED, "x"), text("fine", "x")], ["1", "Some(1)"]);
    assert_eq!(spans.len(), 5, "{}", tree(&spans));
}

#[test]
fn a_value_that_cannot_be_formatted_is_cut_like_others() {
    let config = config(&[("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")]);
    let (_, spans) = record_with(&config, "root", || {
        info_span!("a", broken = ?Broken, more = 1);
        info_span!("b", more = 1, broken = ?Broken);
    });
    assert_eq!(tree(&spans).matches("formatting it panicked").count(), 1, "{}", tree(&spans));
}
