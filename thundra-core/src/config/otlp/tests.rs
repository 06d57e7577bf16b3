use super::*;
use crate::Env;
use crate::config::ConfigProblem;

fn read(pairs: &[(&str, &str)]) -> (OtlpSignals, Vec<ConfigProblem>) {
    let env = Env::from_pairs(pairs.iter().copied());
    let mut reader = Reader::new(&env);
    (OtlpSignals::read(&mut reader), reader.finish())
}

fn endpoints(pairs: &[(&str, &str)]) -> [Option<String>; 3] {
    let OtlpSignals { traces, logs, metrics, .. } = read(pairs).0;
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
    assert_eq!(otlp, OtlpSignals { traces: general.clone(), logs, metrics: general, proxies: Proxies::default() });
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

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\ns3cr3t\n-----END EC PRIVATE KEY-----\n";

/// Writes a file for this test run alone, and returns the path.
fn file(name: &str, content: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("thundra-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_path_stands_for_the_content_of_its_file() {
    let (ca, own, key) = (file("ca.pem", CERTIFICATE.as_bytes()), file("own.pem", b"x\r\n"), file("k", KEY.as_bytes()));
    let logs = file("logs.pem", format!("a comment\r\n{}", CERTIFICATE.replace('\n', "\r\n")).as_bytes());
    let (otlp, problems) = read(&[
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", &ca),
        ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", &logs),
        ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", &own),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &ca),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &key),
    ]);
    let own_of_logs = otlp.logs.certificate.as_deref().unwrap();
    assert!(own_of_logs.starts_with("a comment\r\n"), "the file of a signal wins");
    for signal in [&otlp.traces, &otlp.metrics] {
        assert_eq!(signal.certificate.as_deref(), Some(CERTIFICATE));
        assert_eq!(signal.client_certificate.as_deref(), Some(CERTIFICATE), "a bad file leaves that of all signals");
        assert_eq!(signal.client_key.as_deref(), Some(KEY));
    }
    assert_eq!(problems.len(), 1, "{problems:?}");
    let shown = format!("{otlp:?}");
    assert!(!shown.contains("BEGIN") && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn a_file_without_its_content_is_one_clear_problem() {
    let certificate = ("OTEL_EXPORTER_OTLP_CERTIFICATE", "the path of a file with certificates in PEM");
    let key = ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "the path of a file with a private key in PEM, without a password");
    let locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n";
    for ((name, form), path, reason) in [
        (certificate, "/no/such.pem".to_owned(), " (entity not found)"),
        (certificate, std::env::temp_dir().to_str().unwrap().to_owned(), " (is a directory)"),
        (certificate, file("der", &[0x30, 0x82, 0xff]), " (invalid data)"),
        (certificate, file("empty", b""), ""),
        (certificate, file("key-for-cert", KEY.as_bytes()), ""),
        (key, file("cert-for-key", CERTIFICATE.as_bytes()), ""),
        (key, file("locked", locked.as_bytes()), ""),
        (key, file("locked8", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), ""),
    ] {
        let (otlp, problems) = read(&[(name, &path)]);
        let [problem] = problems.as_slice() else { panic!("{path}: {problems:?}") };
        let problem = problem.to_string();
        assert!(problem.starts_with(&format!("{name}=\"")), "{problem}");
        assert!(problem.ends_with(&format!("\" is not used: it takes {form}{reason}")), "{problem}");
        assert_eq!(otlp, OtlpSignals::default());
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_and_a_device_are_no_files() {
    let pipe = std::env::temp_dir().join(format!("thundra-pipe-{}", std::process::id()));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    for path in [pipe, "/dev/zero"] {
        let (send, read_to_the_end) = std::sync::mpsc::channel();
        let path_of_variable = path.to_owned();
        // Opening the pipe would wait for ever.
        std::thread::spawn(move || {
            let _ = send.send(read(&[("OTEL_EXPORTER_OTLP_CERTIFICATE", &path_of_variable)]));
        });
        let (otlp, problems) = read_to_the_end.recv_timeout(Duration::from_secs(20)).expect(path);
        assert_eq!(otlp, OtlpSignals::default());
        let [problem] = problems.as_slice() else { panic!("{path}: {problems:?}") };
        assert!(problem.to_string().ends_with("the path of a file with certificates in PEM"), "{problem}");
    }
    std::fs::remove_file(pipe).unwrap();
}

#[test]
fn a_key_in_place_of_its_path_is_not_shown() {
    for value in [KEY.to_owned(), "s3cr3t\ns3cr3t".to_owned(), "s3cr3t".repeat(100)] {
        let (otlp, problems) = read(&[("OTEL_EXPORTER_OTLP_CLIENT_KEY", &value)]);
        assert_eq!((otlp, problems.len()), (OtlpSignals::default(), 1));
        assert!(!problems[0].to_string().contains("s3cr3t"), "{}", problems[0]);
    }
}
