use std::ffi::OsString;

use super::*;

fn read(pairs: &[(&str, &str)]) -> (Config, Vec<String>) {
    let (config, problems) = Config::read(&Env::from_pairs(pairs.iter().copied()));
    (config, problems.iter().map(ToString::to_string).collect())
}

#[cfg(unix)]
fn not_unicode() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(vec![b'a', 0xff])
}

#[test]
fn defaults_need_no_variable() {
    let (config, problems) = read(&[]);
    assert_eq!((config.limits, config.propagators, config.sampler), Default::default());
    assert_eq!((config.exporters, config.log, config.otlp), (None, None, OtlpSignals::default()));
    assert_eq!((config.logs_exporters, config.metrics_exporters, config.metrics_temporality), (None, None, None));
    assert_eq!(config.keep, None);
    assert_eq!((config.spans, config.disabled, config.trust_all), (Levels::default(), false, false));
    assert_eq!((config.spill, config.mask_keys, config.debug_sample_rate), (0, MaskKeys::default(), 0.0));
    assert_eq!(config.log_buffer, None);
    assert!(problems.is_empty(), "{problems:?}");
}

/// Returns an invalid value of a variable. Of a free text, only bytes outside of Unicode are invalid.
#[cfg(unix)]
fn bad_value(name: &str) -> OsString {
    let value = match name {
        "OTEL_SERVICE_NAME" => return not_unicode(),
        "OTEL_SDK_DISABLED" => "yes",
        "OTEL_RESOURCE_ATTRIBUTES" => "team",
        "OTEL_PROPAGATORS" => "b3",
        "OTEL_TRACES_SAMPLER" => "sometimes",
        "OTEL_TRACES_SAMPLER_ARG" => "2",
        "OTEL_TRACES_EXPORTER" => ",",
        "OTEL_LOGS_EXPORTER" | "OTEL_METRICS_EXPORTER" => "kafka",
        "OTEL_METRIC_EXPORT_INTERVAL" => "0",
        "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION" => "summary",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" => "epsilon",
        "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN" => "spans",
        "THUNDRA_SPANS" => "critical",
        "THUNDRA_MAX_SPANS" => "-1",
        "THUNDRA_KEEP" => "failures",
        "THUNDRA_SPILL" => "64K",
        "THUNDRA_MASK_KEYS" => "card*",
        "THUNDRA_TRUST" => "none",
        "THUNDRA_LOG_FORMAT" => "xml",
        "RUST_LOG" => "my_crate:debug",
        "THUNDRA_DEBUG_SAMPLE_RATE" => "1%",
        "THUNDRA_LOG_BUFFER" => "debug",
        name if name.ends_with("_ENDPOINT") => "localhost:4318",
        name if name.ends_with("_PROTOCOL") => "grpc",
        name if name.ends_with("_HEADERS") => "api-key",
        name if name.ends_with("_TIMEOUT") => "10s",
        name if name.ends_with("_COMPRESSION") => "zstd",
        "NO_PROXY" => ",",
        name if name.ends_with("_PROXY") => "ftp://proxy",
        name if name.ends_with("_CERTIFICATE") => "/no/such/file.pem",
        name if name.ends_with("_CLIENT_KEY") => "-----BEGIN PRIVATE KEY-----",
        name if name.ends_with("_LIMIT") => "1e3",
        name => panic!("a bad value of {name}?"),
    };
    value.into()
}

#[cfg(unix)]
#[test]
fn a_bad_value_of_any_variable_is_one_problem_and_its_default_serves() {
    let (default, _) = read(&[]);
    for Variable { name, form, .. } in VARIABLES {
        let (config, problems) = Config::read(&Env::from_pairs([(*name, bad_value(name))]));
        let [problem] = problems.as_slice() else { panic!("{name}: {problems:?}") };
        assert_eq!((problem.variable(), problem.accepted()), (*name, *form));
        assert!(problem.to_string().starts_with(name), "{problem}");
        assert_eq!(format!("{config:?}"), format!("{default:?}"), "{name}");
    }
}

#[test]
fn a_bad_value_names_the_variable_the_value_and_the_form() {
    for (name, value, problem) in [
        ("OTEL_SDK_DISABLED", "yes", "OTEL_SDK_DISABLED=\"yes\" is not used: it takes one of true, false"),
        ("OTEL_TRACES_SAMPLER_ARG", "2", "OTEL_TRACES_SAMPLER_ARG=\"2\" is not used: it takes a number from 0 to 1"),
        (
            "THUNDRA_MAX_SPANS",
            "-1",
            "THUNDRA_MAX_SPANS=\"-1\" is not used: it takes a whole number from 0 to 4294967295",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "localhost:4318",
            "OTEL_EXPORTER_OTLP_ENDPOINT is not used: it takes an address that starts with http:// or https://",
        ),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "secret",
            "OTEL_EXPORTER_OTLP_HEADERS is not used: it takes a list such as key=value,other=value, percent-encoded",
        ),
        (
            "RUST_LOG",
            "debug,critical,hyper=of",
            "RUST_LOG=\"critical,hyper=of\" is not used: it takes a level, or a list such as \
             info,my_crate=debug,hyper=off",
        ),
    ] {
        assert_eq!(read(&[(name, value)]).1, [problem]);
    }
}

#[test]
fn a_configuration_file_is_not_read() {
    let (config, problems) = read(&[("OTEL_CONFIG_FILE", "otel.yaml"), ("THUNDRA_MAX_SPANS", "5")]);
    let line = "OTEL_CONFIG_FILE is not read: configuration files are not supported, and the variables of the environment \
                serve";
    assert_eq!((config.limits.spans, problems), (5, vec![line.to_owned()]));
}

#[test]
fn a_value_that_may_be_secret_is_not_shown() {
    const ADDRESS: &str = "it takes an address that starts with http:// or https://";
    const LIST: &str = "it takes a list such as key=value,other=value, percent-encoded";
    for (name, value, problem) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "htp://user:s3cr3t@c", ADDRESS),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https:///?s3cr3t", ADDRESS),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "s3cr3t", ADDRESS),
        ("OTEL_EXPORTER_OTLP_HEADERS", "Authorization: Basic s3cr3t==", LIST),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api key=s3cr3t", LIST),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=1,s3cr3t", LIST),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cr3t%zz", LIST),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=b,s3cr3t", LIST),
    ] {
        let (config, problems) = read(&[(name, value)]);
        assert_eq!(problems, [format!("{name} is not used: {problem}")]);
        assert!(!format!("{config:?}").contains("s3cr3t"), "{config:?}");
    }
}

#[test]
fn another_bad_value_is_cut_and_escaped() {
    let shown = |value: &str| read(&[("OTEL_SDK_DISABLED", value)]).1.remove(0);
    assert_eq!(shown("a\n\u{1b}"), "OTEL_SDK_DISABLED=\"a\\n\\u{1b}\" is not used: it takes one of true, false");
    let long = format!("OTEL_SDK_DISABLED=\"{}\"… is not used: it takes one of true, false", "é".repeat(32));
    assert_eq!(shown(&"é".repeat(1000)), long);
    assert!(!shown("https://u:s3cr3t@c").contains("s3cr3t"), "it was meant for another variable");
}

#[test]
fn debug_shows_no_credentials() {
    let (config, _) = read(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:s3cr3t@c/x?key=s3cr3t"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cr3t"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=a,password=s3cr3t"),
    ]);
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("s3cr3t") && shown.contains("api-key"), "{shown}");
}

#[test]
fn a_list_of_nothing_is_unset_and_reported() {
    let defaults = read(&[]).0;
    for variable in [v::PROPAGATORS, v::EXPORTER, v::OTLP_HEADERS, v::RESOURCE_ATTRIBUTES, v::SPANS, v::KEEP, v::LOG] {
        let (config, problems) = read(&[(variable.name, " ,, ,")]);
        assert_eq!(problems, [format!("{} is not used: it has nothing but separators", variable.name)]);
        assert_eq!(format!("{config:?}"), format!("{defaults:?}"), "{}", variable.name);
    }
}

#[test]
fn exporters_are_named_once_and_none_is_none() {
    for (list, exporters) in [
        ("OTLP, console,otlp", vec!["otlp", "console"]),
        ("NONE", vec![]),
        ("none,stdout", vec!["stdout"]),
        ("jaeger", vec!["jaeger"]),
    ] {
        let exporters: Vec<_> = exporters.into_iter().map(str::to_owned).collect();
        assert_eq!(read(&[("OTEL_TRACES_EXPORTER", list)]).0.exporters, Some(exporters), "{list}");
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_not_unicode_is_reported() {
    for Variable { name, .. } in VARIABLES {
        let (_, problems) = Config::read(&Env::from_pairs([(*name, not_unicode())]));
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [format!("{name} is not used: it is not UTF-8")]
        );
    }
}

#[test]
fn numbers_are_whole_and_within_their_range() {
    for (value, spans, is_reported) in [
        ("5", 5, false),
        (" 5 ", 5, false),
        ("+5", 5, false),
        ("0", 0, false),
        ("4294967296", 10_000, true),
        ("1e3", 10_000, true),
        ("5.0", 10_000, true),
        ("٣", 10_000, true),
    ] {
        let (config, problems) = read(&[("THUNDRA_MAX_SPANS", value)]);
        assert_eq!((config.limits.spans, problems.len()), (spans, usize::from(is_reported)), "{value}");
    }
}

#[test]
fn limits_of_spans_and_log_records_win_over_those_of_everything() {
    let (config, problems) = read(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "1"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "2"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "3"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "4"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "5"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "6"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "7"),
        ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "8"),
        ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9"),
    ]);
    let limits = Limits {
        attributes: 3,
        events: 4,
        links: 5,
        event_attributes: 6,
        link_attributes: 7,
        value_length: Some(2),
        log_attributes: 8,
        log_value_length: Some(9),
        spans: 10_000,
    };
    assert_eq!((config.limits, problems), (limits, vec![]));
    let of_all = [("OTEL_ATTRIBUTE_COUNT_LIMIT", "1"), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "2")];
    let limits = read(&of_all).0.limits;
    assert_eq!((limits.attributes, limits.log_attributes), (1, 1));
    assert_eq!((limits.value_length, limits.log_value_length), (Some(2), Some(2)));
}

#[test]
fn the_keys_and_values_of_attributes_are_percent_decoded() {
    let (config, problems) = read(&[("OTEL_RESOURCE_ATTRIBUTES", ",a%2Cb = 1%3D2 ,,é=ü%20, ,c=")]);
    let attributes = config.resource.attributes();
    for (key, value) in [("a,b", "1=2"), ("é", "ü "), ("c", "")] {
        assert!(attributes.contains(&(key.into(), value.into())), "{key}: {attributes:?}");
    }
    assert!(problems.is_empty(), "{problems:?}");
    for value in ["a", "=1", "a=1,=", "a=%", "a=%ff", "%zz=1"] {
        let (config, problems) = read(&[("OTEL_RESOURCE_ATTRIBUTES", value)]);
        assert_eq!((config.resource, problems.len()), (read(&[]).0.resource, 1), "{value}");
    }
}

#[test]
fn a_name_is_in_the_list_once() {
    for Variable { name, form, meaning, .. } in VARIABLES {
        assert_eq!(VARIABLES.iter().filter(|other| other.name == *name).count(), 1, "{name}");
        assert!(!form.is_empty() && meaning.ends_with('.'), "{name}");
    }
}

#[test]
fn a_mistyped_variable_is_a_problem_without_an_installation() {
    let (_, problems) = read(&[("THUNDRA_SPAN", "debug"), ("THUNDRA_SPANS", "debug")]);
    assert_eq!(problems, ["THUNDRA_SPAN is not a variable of thundra; the nearest is THUNDRA_SPANS"]);
}
