//! Reports of a function on invalid values and unknown variables.

use serde_json::json;

use crate::peers::Lambda;

#[tokio::test]
async fn an_invalid_value_of_any_crate_is_reported_once() {
    let variables = [
        ("OTEL_CONFIG_FILE", "otel.yaml"),
        ("OTEL_TRACES_EXPORTER", "jaeger,otlp"),
        ("THUNDRA_APIKEY", "s3cr3t"),
        ("THUNDRA_BATCH_SPAN", "link"),
        ("THUNDRA_INJECT_PAYLOAD", "kinesys"),
        ("THUNDRA_MAX_SPANS", "many"),
        ("THUNDRA_PROPAGATE_HOSTS", "https://a.example"),
    ];
    let lambda = Lambda::start("traced", &variables).await;
    for _ in 0..2 {
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    }
    let (_, stderr) = lambda.stop().await;
    let names = variables.map(|(name, _)| format!("thundra: {name}"));
    let ours = stderr.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
    let mut lines: Vec<_> = ours.map(|line| line.trim_start_matches("thundra: ")).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "OTEL_CONFIG_FILE is not read: configuration files are not supported, and the variables of the environment serve",
            "OTEL_TRACES_EXPORTER=\"jaeger\" is not used: it takes a list of otlp, xray, stdout, console; or none",
            "THUNDRA_APIKEY is not a variable of thundra; the nearest is THUNDRA_SPILL",
            "THUNDRA_BATCH_SPAN is not a variable of thundra; the nearest is THUNDRA_BATCH_SPANS",
            "THUNDRA_INJECT_PAYLOAD=\"kinesys\" is not used: it takes a list such as \
             kinesis,lambda:orders-*,!kinesis:lake-*; or none",
            "THUNDRA_MAX_SPANS=\"many\" is not used: it takes a whole number from 0 to 4294967295",
            "THUNDRA_PROPAGATE_HOSTS=\"https://a.example\" is not used: it takes a list of names, *.example.com, networks \
             such as 203.0.113.0/24, or *",
        ]
    );
}
