use tracing::Level;

use super::*;

fn read(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
    let (settings, problems) = Settings::read(&Env::from_pairs(pairs.iter().copied()));
    (settings, problems.iter().map(ToString::to_string).collect())
}

/// Returns a configuration, completed as by `init`.
fn completed(pairs: &[(&str, &str)]) -> Config {
    let (mut config, _) = Config::read(&Env::from_pairs(pairs.iter().copied()));
    config.read_section::<Settings>();
    config.complete();
    config
}

/// Returns an invalid value of a variable.
fn bad_value(name: &str) -> &'static str {
    match name {
        "THUNDRA_CONFIG" => "secretsmanager:orders",
        "THUNDRA_INJECT_PAYLOAD" => "kinesys",
        "THUNDRA_BATCH_SPANS" => "child",
        "THUNDRA_MAX_CHAIN_LENGTH" => "0",
        "THUNDRA_WARMUP" => "true",
        "THUNDRA_MESSAGE_SPANS" => "each",
        "THUNDRA_QUEUE_SPANS" => "event",
        "THUNDRA_SHUTDOWN" => "sometimes",
        "THUNDRA_METRICS_NAMESPACE" => "AWS/Lambda",
        "THUNDRA_TIMEOUT_MARGIN" => "100",
        "AWS_LAMBDA_LOG_FORMAT" => "XML",
        "THUNDRA_CAPTURE_PAYLOADS" => "failures",
        "AWS_LAMBDA_LOG_LEVEL" => "CRITICAL",
        name => panic!("a bad value of {name}?"),
    }
}

#[test]
fn a_bad_value_of_any_variable_is_one_problem_and_its_default_serves() {
    for Variable { name, form, .. } in VARIABLES {
        let (settings, problems) = read(&[(name, bad_value(name))]);
        let expected = format!("{name}={:?} is not used: it takes {form}", bad_value(name));
        assert_eq!((settings, problems), (Settings::default(), vec![expected]));
    }
}

#[test]
fn the_shown_default_of_the_patterns_is_the_default() {
    let shown = INJECT_PAYLOAD.default.trim_matches('`');
    assert_eq!(shown.parse(), Ok(PayloadPatterns::default()));
}

#[test]
fn patterns_of_no_service_are_reported_and_the_others_serve() {
    let (settings, problems) = read(&[("THUNDRA_INJECT_PAYLOAD", "Kinesis:orders-*, kinesys ,*,!lambda:a b")]);
    assert_eq!(settings.inject_payload, "Kinesis:orders-*,*".parse().unwrap());
    let shown = "THUNDRA_INJECT_PAYLOAD=\"kinesys,!lambda:a b\" is not used: it takes a list such as";
    assert!(problems.len() == 1 && problems[0].starts_with(shown), "{problems:?}");
    for value in ["kinesis;lambda", " ,, ,"] {
        let (settings, problems) = read(&[("THUNDRA_INJECT_PAYLOAD", value)]);
        assert_eq!((settings, problems.len()), (Settings::default(), 1), "{value}");
    }
}

#[test]
fn lambdas_levels_are_levels_of_log_events() {
    for (level, taken, refused) in [
        ("TRACE", Some(Level::TRACE), None),
        ("DEBUG", Some(Level::DEBUG), Some(Level::TRACE)),
        ("INFO", Some(Level::INFO), Some(Level::DEBUG)),
        ("WARN", Some(Level::WARN), Some(Level::INFO)),
        ("ERROR", Some(Level::ERROR), Some(Level::WARN)),
        ("FATAL", Some(Level::ERROR), Some(Level::WARN)),
    ] {
        for written in
            [level.to_owned(), level.to_lowercase(), format!(" {}{} ", &level[..1], level[1..].to_lowercase())]
        {
            for name in ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"] {
                let log = completed(&[(name, &written)]).log.unwrap();
                assert!(taken.is_none_or(|level| log.enables("any", level)), "{name}={written}");
                assert!(!refused.is_some_and(|level| log.enables("any", level)), "{name}={written}");
            }
        }
    }
    let log = completed(&[("RUST_LOG", "debug"), ("AWS_LAMBDA_LOG_LEVEL", "FATAL")]).log;
    assert_eq!(log, Some("debug".parse().unwrap()), "RUST_LOG wins");
    assert_eq!(completed(&[]).log, None);
    let (settings, problems) = read(&[("AWS_LAMBDA_LOG_LEVEL", "warn,orders=debug,hyper=fatal")]);
    assert_eq!((settings.log, problems), (Some("warn,orders=debug,hyper=error".parse().unwrap()), vec![]));
}

#[test]
fn an_endpoint_of_aws_for_all_signals_serves_its_own_alone() {
    for (host, logs, metrics) in [
        ("xray.eu-west-1.amazonaws.com", false, false),
        ("logs.eu-west-1.amazonaws.com", true, false),
        ("monitoring.eu-west-1.amazonaws.com", false, true),
        ("collector.example", true, true),
    ] {
        let config = completed(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("https://{host}"))]);
        assert_eq!((config.otlp_logs(), config.otlp_metrics()), (logs, metrics), "{host}");
        assert!(config.otlp.traces.endpoint.is_some());
    }
}

#[test]
fn metrics_of_a_lambda_function_are_deltas_unless_chosen_otherwise() {
    use TemporalityPreference::{Cumulative, Delta};
    let lambda = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001");
    let chosen = ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative");
    for (variables, temporality) in [(&[][..], None), (&[lambda], Some(Delta)), (&[lambda, chosen], Some(Cumulative))] {
        assert_eq!(completed(variables).metrics_temporality, temporality, "{variables:?}");
    }
}

#[test]
fn a_lambda_function_is_named_by_its_environment() {
    let function = [
        ("AWS_LAMBDA_FUNCTION_NAME", "billing"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_REGION", "eu-west-1"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=x"),
    ];
    let resource = completed(&function).resource;
    assert_eq!(resource.service_name(), "billing");
    for (key, value) in [
        ("cloud.region", "eu-west-1".into()),
        ("cloud.platform", "aws_lambda".into()),
        ("team", "x".into()),
        ("faas.max_memory", Value::I64(134_217_728)),
    ] {
        assert!(resource.attributes().contains(&(key.to_owned(), value)), "{key}: {resource:?}");
    }
    let named = completed(&[&function[..], &[("OTEL_SERVICE_NAME", "own")]].concat()).resource;
    assert_eq!(named.service_name(), "own");
    assert!(completed(&[]).resource.attributes().iter().all(|(key, _)| !key.starts_with("faas.")));
}

#[test]
fn every_variable_of_the_three_crates_is_known() {
    let lists = [thundra_core::VARIABLES, thundra_http::VARIABLES, VARIABLES];
    let names = lists.into_iter().flatten().map(|variable| variable.name).filter(|name| name.starts_with("THUNDRA_"));
    let (mut config, _) = Config::read(&Env::from_pairs(names.chain(["THUNDRA_BATCH_SPAN"]).map(|name| (name, "1"))));
    config.read_section::<Settings>();
    config.read_section::<thundra_http::Settings>();
    let problems: Vec<_> = config.complete().iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["THUNDRA_BATCH_SPAN is not a variable of thundra; the nearest is THUNDRA_BATCH_SPANS"]);
}

/// With incomplete lists, a name close to a known name is reported as mistyped.
#[test]
fn no_variable_is_nearly_one_of_another_crate() {
    let of_others = thundra_http::VARIABLES.iter().chain(VARIABLES);
    let env = Env::from_pairs(of_others.map(|variable| (variable.name, "1")));
    let problems = Config::read(&env).0.complete();
    assert_eq!(problems, []);
    let env = Env::from_pairs(VARIABLES.iter().map(|variable| (variable.name, "1")));
    let mut config = Config::read(&env).0;
    config.read_section::<thundra_http::Settings>();
    assert_eq!(config.complete(), []);
}

#[test]
fn the_form_of_log_lines_has_an_order_of_precedence() {
    let (json, text, dazn) = (Some(LogFormat::JSON), Some(LogFormat::TEXT), Some(LogFormat::DAZN));
    let (function, managed) =
        (("AWS_LAMBDA_RUNTIME_API", "x"), ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"));
    for (variables, expected, why) in [
        (&[][..], text, "a local run"),
        (&[function], json, "a function"),
        (&[function, ("AWS_LAMBDA_LOG_FORMAT", "Text")], text, "Lambda's setting"),
        (&[function, ("AWS_LAMBDA_LOG_FORMAT", "JSON")], json, "in capitals"),
        (&[function, ("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("THUNDRA_LOG_FORMAT", "dazn")], dazn, "our variable wins"),
        (&[function, managed, ("AWS_LAMBDA_LOG_FORMAT", "Text")], json, "managed instances"),
        (&[function, managed, ("THUNDRA_LOG_FORMAT", "text")], json, "managed instances, by our variable"),
        (&[function, managed, ("THUNDRA_LOG_FORMAT", "dazn")], dazn, "another form of JSON"),
        (&[("THUNDRA_LOG_FORMAT", "json")], json, "anywhere"),
    ] {
        assert_eq!(completed(variables).log_format, expected, "{why}");
    }
    let spans = completed(&[function, managed, ("THUNDRA_LOG_FORMAT", "text,spans")]).log_format;
    assert_eq!(spans, Some(LogFormat::JSON.with_span_fields()), "the options stay");
}
