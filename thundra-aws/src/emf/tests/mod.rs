//! Documents of scopes, each checked against the specification.

mod specification;

use std::cell::RefCell;
use std::sync::Once;

use serde_json::{Value, json};
use thundra_core::Scope;
use thundra_core::metrics::Instrument;

use super::*;

thread_local! {
    /// The maker of a test's documents, and the documents so far.
    static CURRENT: RefCell<Option<(Emf, Vec<String>)>> = const { RefCell::new(None) };
}

static ORDERS: Instrument = Instrument::counter("orders", "{order}", "");
static DURATION: Instrument = Instrument::histogram("checkout.duration", "ms", "");
static STOCK: Instrument = Instrument::gauge("stock", "", "");

/// Returns the documents of a scope with measurements. All instruments of the tests are named.
fn documents(settings: EmfSettings, measure: impl FnOnce(&Scope)) -> Vec<Value> {
    static WRITER: Once = Once::new();
    WRITER.call_once(|| {
        write_points_with(|points| {
            CURRENT.with_borrow_mut(|current| {
                if let Some((emf, documents)) = current {
                    emf.documents(points, |line| documents.push(String::from_utf8(line.to_vec()).unwrap()));
                }
            });
        });
    });
    CURRENT.set(Some((Emf::new("shop", &settings), Vec::new())));
    let scope =
        Scope::builder("invocation").log_field("function_request_id", "r-1").default_correlation_id("c-1").begin();
    measure(&scope);
    scope.finish();
    let (_, documents) = CURRENT.take().unwrap();
    documents.iter().map(|line| specification::document(line)).collect()
}

/// Returns settings with the given built-in metrics.
fn of(built_in: &[&'static Instrument]) -> EmfSettings {
    let names = built_in.iter().map(|instrument| Cow::Borrowed(instrument.name)).collect();
    EmfSettings { built_in: names, ..EmfSettings::default() }
}

fn definitions(document: &Value) -> &Vec<Value> {
    document["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap()
}

#[test]
fn a_scope_is_a_document_with_its_ids() {
    let settings = EmfSettings {
        namespace: Some("Shop/Orders".to_owned()),
        high_resolution: vec!["checkout.duration".into()],
        ..of(&[&ORDERS, &DURATION, &STOCK])
    };
    let mut trace_id = String::new();
    let all = documents(settings, |scope| {
        trace_id = scope.context().unwrap().trace_id.to_string();
        scope.record(&ORDERS, 1_u64, &[]);
        scope.record(&ORDERS, 2_u64, &[]);
        scope.record(&DURATION, 12.5, &[]);
        scope.record(&DURATION, 7_u64, &[]);
        scope.record(&STOCK, -3_i64, &[]);
    });
    let [document] = all.as_slice() else { panic!("one document: {all:?}") };
    assert_eq!(
        document["_aws"]["CloudWatchMetrics"],
        json!([{
            "Namespace": "Shop/Orders", "Dimensions": [["service"]],
            "Metrics": [
                { "Name": "orders", "Unit": "Count" },
                { "Name": "checkout.duration", "Unit": "Milliseconds", "StorageResolution": 1 },
                { "Name": "stock" },
            ],
        }])
    );
    assert_eq!(
        (&document["orders"], &document["checkout.duration"], &document["stock"]),
        (&json!(3), &json!([12.5, 7]), &json!(-3))
    );
    for (key, value) in [
        ("service", "shop"),
        ("function_request_id", "r-1"),
        ("trace_id", trace_id.as_str()),
        ("x-correlation-id", "c-1"),
    ] {
        assert_eq!(document[key], value, "{key}: {document}");
    }
}

#[test]
fn built_in_metrics_are_written_only_where_they_are_named() {
    let all = documents(EmfSettings::default(), |scope| scope.record(&ORDERS, 1_u64, &[]));
    assert_eq!(all, Vec::<Value>::new());
}

#[test]
fn attributes_are_metadata_unless_they_are_named() {
    let attributes = [("method", "visa".into()), ("customer", "ann".into()), ("orders", true.into())];
    let [plain] = &documents(of(&[&ORDERS]), |scope| scope.record(&ORDERS, 1_u64, &attributes))[..] else { panic!() };
    let settings = EmfSettings { dimensions: vec!["method".into(), "absent".into()], ..of(&[&ORDERS]) };
    let [named] = &documents(settings, |scope| scope.record(&ORDERS, 1_u64, &attributes))[..] else { panic!() };
    for (document, dimensions) in [(plain, json!([["service"]])), (named, json!([["service", "method"]]))] {
        assert_eq!(document["_aws"]["CloudWatchMetrics"][0]["Dimensions"], dimensions);
        assert_eq!((&document["method"], &document["customer"]), (&json!("visa"), &json!("ann")));
        assert_eq!((&document["orders"], &document["fields.orders"]), (&json!(1), &json!(true)), "a metric's name");
    }
}

#[test]
fn secrets_are_masked() {
    let attributes = [("api_key", "abc".into()), ("order", "{\"password\":\"abc\"}".into()), ("method", "visa".into())];
    let all = documents(of(&[&ORDERS]), |scope| scope.record(&ORDERS, 1_u64, &attributes));
    let shown = (&all[0]["api_key"], &all[0]["order"], &all[0]["method"]);
    assert_eq!(shown, (&json!("REDACTED"), &json!("{\"password\":\"REDACTED\"}"), &json!("visa")));
}

#[test]
fn each_set_of_dimensions_and_of_metadata_has_a_document() {
    let settings = EmfSettings { dimensions: vec!["method".into()], ..of(&[&ORDERS, &DURATION]) };
    let all = documents(settings, |scope| {
        for (method, customer) in [("visa", "ann"), ("visa", "bob"), ("cash", "ann"), ("visa", "ann")] {
            scope.record(&ORDERS, 1_u64, &[("method", method.into()), ("customer", customer.into())]);
            scope.record(&DURATION, 5_u64, &[("method", method.into()), ("customer", customer.into())]);
        }
        scope.record(&ORDERS, 1_u64, &[]);
    });
    let found: Vec<_> = all
        .iter()
        .map(|document| (document["method"].as_str(), document["customer"].as_str(), document["orders"].as_u64()))
        .collect();
    let expected = [
        (Some("visa"), Some("ann"), Some(2)),
        (Some("visa"), Some("bob"), Some(1)),
        (Some("cash"), Some("ann"), Some(1)),
        (None, None, Some(1)),
    ];
    assert_eq!(found, expected);
    assert_eq!(all.iter().map(|document| definitions(document).len()).collect::<Vec<_>>(), [2, 2, 2, 1]);
}

#[test]
fn values_are_split_at_a_hundred_and_none_is_refused() {
    for number in [1, 99, 100, 101, 250, 1000] {
        let all = documents(of(&[&DURATION, &ORDERS]), |scope| {
            (0..number).for_each(|value| scope.record(&DURATION, value as f64 + 0.5, &[]));
            scope.record(&ORDERS, 1_u64, &[]);
        });
        let values: Vec<f64> = all
            .iter()
            .flat_map(|document| document["checkout.duration"].as_array().unwrap())
            .map(|v| v.as_f64().unwrap())
            .collect();
        assert_eq!(values, (0..number).map(|value| value as f64 + 0.5).collect::<Vec<_>>());
        assert_eq!(all.len(), (number as usize).div_ceil(100));
        assert_eq!(all.iter().filter(|document| document["orders"] == 1).count(), 1, "a counter counts once");
    }
}

#[test]
fn many_equal_values_are_written_with_their_count() {
    let all = documents(of(&[&DURATION]), |scope| (0..20_000).for_each(|_| scope.record(&DURATION, 5_u64, &[])));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["checkout.duration"], json!({ "Values": [5], "Counts": [20_000] }));
}

#[test]
fn metrics_are_split_at_a_hundred_and_at_the_size_of_a_line() {
    let instruments: Vec<&'static Instrument> = (0..300)
        .map(|number| &*Box::leak(Box::new(Instrument::histogram(format!("{:x>250}{number}", "m").leak(), "ms", ""))))
        .collect();
    for (values, expected) in [(1, 3), (100, 4)] {
        let all = documents(of(&instruments), |scope| {
            for instrument in &instruments {
                (0..values).for_each(|value| scope.record(instrument, (1.0 + f64::from(value)) / -7e100, &[]));
            }
        });
        assert_eq!(all.len(), expected);
        assert_eq!(all.iter().map(|document| definitions(document).len()).sum::<usize>(), 300);
    }
}

#[test]
fn sets_of_dimensions_over_the_limit_have_the_service_alone() {
    let settings =
        EmfSettings { dimensions: vec!["customer".into()], max_dimension_sets: 2, ..of(&[&ORDERS, &DURATION]) };
    let all = documents(settings, |scope| {
        for customer in ["ann", "bob", "cleo", "dan", "ann"] {
            scope.record(&ORDERS, 1_u64, &[("customer", customer.into())]);
        }
        scope.record(&DURATION, 1_u64, &[("customer", "dan".into())]);
    });
    let found: Vec<_> = all
        .iter()
        .map(|document| {
            let dimensions = document["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0].as_array().unwrap().len();
            (document["customer"].as_str().unwrap(), dimensions, document[DROPPED_SETS].as_u64())
        })
        .collect();
    assert_eq!(found, [("ann", 2, None), ("bob", 2, None), ("cleo", 1, Some(1)), ("dan", 1, Some(2))]);
}

#[test]
fn names_that_mean_something_else_in_a_document_are_changed() {
    static INSTRUMENTS: [Instrument; 3] = [
        Instrument::counter("service", "", ""),
        Instrument::counter("function_request_id", "", ""),
        Instrument::histogram("service", "s", ""),
    ];
    let all = documents(of(&INSTRUMENTS.iter().collect::<Vec<_>>()), |scope| {
        INSTRUMENTS.iter().for_each(|instrument| scope.record(instrument, 1_u64, &[]));
    });
    let [first, second] = all.as_slice() else { panic!("two metrics of one name: {all:?}") };
    assert_eq!((&first["service"], &first["metric.service"]), (&json!("shop"), &json!(1)));
    assert_eq!((&first["function_request_id"], &first["fields.function_request_id"]), (&json!(1), &json!("r-1")));
    assert_eq!(second["metric.service"], json!([1]));
}

#[test]
fn an_attribute_service_is_the_dimension_if_it_is_named() {
    let attributes = [("service", "payments".into())];
    let settings = EmfSettings { dimensions: vec!["service".into()], ..of(&[&ORDERS]) };
    let all = documents(settings, |scope| scope.record(&ORDERS, 1_u64, &attributes));
    assert_eq!((&all[0]["service"], all[0].get("fields.service")), (&json!("payments"), None));
    let all = documents(of(&[&ORDERS]), |scope| scope.record(&ORDERS, 1_u64, &attributes));
    assert_eq!((&all[0]["service"], &all[0]["fields.service"]), (&json!("shop"), &json!("payments")));
}

#[test]
fn values_that_cloudwatch_does_not_take_are_counted() {
    let all = documents(of(&[&DURATION, &STOCK]), |scope| {
        scope.record(&DURATION, 1e200, &[("lost", true.into())]);
        scope.record(&STOCK, -1e300, &[]);
        scope.record(&DURATION, 1e108, &[]);
    });
    let [document] = all.as_slice() else { panic!("one document: {all:?}") };
    assert_eq!((&document["checkout.duration"], &document[DROPPED_VALUES]), (&json!([1e108]), &json!(2)));
}

#[test]
fn names_of_dimensions_and_a_namespace_that_cloudwatch_does_not_take_are_not_used() {
    let dimensions = vec!["".into(), ":a".into(), "größe".into(), "method".into()];
    let settings = EmfSettings { dimensions, namespace: Some("AWS/Lambda".to_owned()), ..of(&[&ORDERS]) };
    let attributes = [("größe", 1.into()), ("method", "\u{1}カード".into())];
    let all = documents(settings, |scope| scope.record(&ORDERS, 1_u64, &attributes));
    let directive = &all[0]["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("shop"), &json!([["service", "method"]])));
    assert_eq!((&all[0]["größe"], &all[0]["method"]), (&json!(1), &json!(r"\u{1}\u{30ab}\u{30fc}\u{30c9}")));
}
