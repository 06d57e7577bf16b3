use super::*;
use crate::Env;
use crate::config::ConfigProblem;

fn read(pairs: &[(&str, &str)]) -> (OtlpSignals, Vec<ConfigProblem>) {
    let env = Env::from_pairs(pairs.iter().copied());
    let mut reader = Reader::new(&env);
    (OtlpSignals::read(&mut reader), reader.finish())
}

fn endpoints(pairs: &[(&str, &str)]) -> [Option<String>; 3] {
    let OtlpSignals { traces, logs, metrics } = read(pairs).0;
    [traces, logs, metrics].map(|signal| signal.endpoint)
}

#[test]
fn the_endpoint_of_a_signal_is_exact_and_the_other_a_base() {
    let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");
    let below = ["traces", "logs", "metrics"].map(|signal| Some(format!("http://c:4318/v1/{signal}")));
    assert_eq!(endpoints(&[]), [const { None }; 3]);
    assert_eq!(endpoints(&[base]), below);
    for (nth, name) in [
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    ]
    .into_iter()
    .enumerate()
    {
        let exact = (name, "http://d/x?key=abc");
        let mut expected = below.clone();
        expected[nth] = Some(exact.1.to_owned());
        assert_eq!(endpoints(&[base, exact]), expected, "{name}");
        assert_eq!(endpoints(&[exact]).iter().flatten().count(), 1, "{name} is for its signal alone");
    }
}

#[test]
fn a_base_may_have_more_than_a_path() {
    for (base, endpoint, why) in [
        ("http://c/base?key=abc", "http://c/base/v1/traces?key=abc", "a query"),
        ("http://c?key=a/b", "http://c/v1/traces?key=a/b", "a query alone"),
        ("http://c/#part", "http://c/v1/traces", "a fragment"),
        ("HTTP://c", "HTTP://c/v1/traces", "a scheme in upper case"),
        ("Https://u:p@c//", "Https://u:p@c/v1/traces", "a user"),
    ] {
        let (otlp, problems) = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]);
        assert_eq!((otlp.traces.endpoint.as_deref(), problems.len()), (Some(endpoint), 0), "{why}");
    }
}

#[test]
fn each_setting_of_a_signal_wins_over_that_of_all() {
    let all = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
    ];
    let own = [
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "b=2"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "4000"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "none"),
    ];
    let general = OtlpConfig {
        protocol: OtlpProtocol::Json,
        headers: vec![("a".into(), "1".into())],
        timeout: Duration::from_secs(3),
        attempt_timeout: Duration::from_secs(3),
        compression: OtlpCompression::Gzip,
        ..OtlpConfig::default()
    };
    let logs = OtlpConfig {
        headers: vec![("b".into(), "2".into())],
        timeout: Duration::from_secs(4),
        attempt_timeout: Duration::from_secs(4),
        ..OtlpConfig::default()
    };
    let (otlp, problems) = read(&[all, own].concat());
    assert_eq!(otlp, OtlpSignals { traces: general.clone(), logs, metrics: general });
    assert_eq!(problems, []);
    assert_eq!(read(&[]).0, OtlpSignals::default());
}

#[test]
fn a_bad_value_of_one_signal_leaves_that_of_all() {
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", ",,"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1s"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "c:4318"),
    ] {
        let all = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"),
        ];
        let (otlp, problems) = read(&[&all[..], &[(name, value)]].concat());
        assert_eq!((otlp.traces, problems.len()), (read(&all).0.traces, 1), "{name}");
    }
}

#[test]
fn a_bad_value_of_all_signals_is_reported_once() {
    let (_, problems) = read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"), ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "1")]);
    assert_eq!(problems.iter().map(ConfigProblem::variable).collect::<Vec<_>>(), ["OTEL_EXPORTER_OTLP_TIMEOUT"]);
}

#[test]
fn a_timeout_of_zero_is_no_limit() {
    for (value, seconds) in [("0", 3600), ("2500", 2), ("18446744073709551615", 3600), ("1e3", 10), ("-1", 10)] {
        let (otlp, _) = read(&[("OTEL_EXPORTER_OTLP_TIMEOUT", value)]);
        assert_eq!(otlp.traces.timeout.as_secs(), seconds, "{value}");
    }
}

#[test]
fn a_flush_has_the_longest_timeout_of_the_endpoints() {
    let timeouts = [("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1000"), ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "5000")];
    for (variables, seconds, why) in [
        (&[][..], 1, "without endpoints, spans alone are exported"),
        (&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c")], 1, "spans alone"),
        (&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://c")], 5, "log records alone"),
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"), ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "7000")], 7, "all"),
    ] {
        let (otlp, _) = read(&[&timeouts[..], variables].concat());
        assert_eq!(otlp.flush_limit().as_secs(), seconds, "{why}");
    }
}

#[test]
fn the_values_of_headers_are_percent_decoded() {
    let (otlp, _) = read(&[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b, x=1=2,,X%41=%41")]);
    let headers = [("api-key", "a b"), ("x", "1=2"), ("X%41", "A")];
    assert_eq!(otlp.traces.headers, headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_value_that_no_header_has_is_reported() {
    for (value, why) in
        [("a=%0a", "a line feed"), ("a=b%00", "a zero"), ("a=%7f", "a delete"), ("a=1,b=%0d%0ac: 1", "another header")]
    {
        let (otlp, problems) = read(&[("OTEL_EXPORTER_OTLP_HEADERS", value)]);
        assert_eq!((otlp.traces.headers.len(), problems.len()), (0, 1), "{why}");
    }
    assert_eq!(read(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=%09é")]).1, [], "a tab, and what is beyond ASCII");
}

#[test]
fn debug_shows_no_credentials() {
    let (OtlpSignals { mut traces, .. }, _) = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:s3cr3t@c/x?key=s3cr3t"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cr3t"),
    ]);
    traces.headers.push(("Authorization: Basic s3cr3t".into(), "=".into()));
    let shown = format!("{traces:?} {traces:#?}");
    assert!(!shown.contains("s3cr3t") && shown.contains("api-key"), "{shown}");
}
