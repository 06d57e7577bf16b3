use super::*;
use crate::{Levels, Sampler};

fn config(pairs: &[(&str, &str)]) -> Config {
    Config::read(&Env::from_pairs(pairs.iter().copied())).0
}

fn revised(config: &Config, document: &str) -> (Config, Vec<String>) {
    config.revised(&Document::parse(document).unwrap(), Some(7))
}

#[test]
fn a_document_ranks_before_the_environment() {
    let environment = config(&[
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
        ("THUNDRA_KEEP", "errors"),
        ("THUNDRA_SPANS", "warn"),
        ("RUST_LOG", "error"),
        ("THUNDRA_LOG_BUFFER", "1KiB"),
    ]);
    let levels = |text: &str| text.parse::<Levels>().unwrap();
    let (all, problems) = revised(
        &environment,
        "OTEL_SDK_DISABLED=true\nOTEL_TRACES_SAMPLER=always_off\nTHUNDRA_KEEP=cold\nTHUNDRA_SPANS=debug\n\
         RUST_LOG=info,hyper=off\nTHUNDRA_LOG_BUFFER=2KiB\nTHUNDRA_DEBUG_SAMPLE_RATE=0.1",
    );
    assert_eq!(problems, [""; 0]);
    assert!(all.disabled && all.version == Some(7));
    assert_eq!((all.sampler, all.keep), (Sampler::ratio(0.0), Some(Keep::default().cold())));
    assert_eq!((all.spans, all.log), (levels("debug"), Some(levels("info,hyper=off"))));
    assert_eq!(all.debug_sample_rate, 0.1);
    assert_eq!(all.log_buffer, Some(LogBuffer::new(2048)));
    let (ratio, problems) = revised(&environment, "OTEL_TRACES_SAMPLER_ARG=0.1");
    assert_eq!((ratio.sampler, problems), (Sampler::ratio(0.1).parent_based(), vec![]), "the environment's sampler");
    let (none, problems) = revised(&environment, r#"{"THUNDRA_KEEP":"none","THUNDRA_LOG_BUFFER":0,"RUST_LOG":""}"#);
    assert_eq!((none.keep, none.log_buffer, problems), (None, None, vec![]));
    assert_eq!(none.log, environment.log, "a blank value is not set");
    let (empty, problems) = revised(&environment, "");
    assert_eq!((empty.sampler, empty.keep, empty.version), (environment.sampler, environment.keep, Some(7)));
    assert_eq!(problems, [""; 0]);
}

#[test]
fn an_invalid_value_leaves_the_setting_to_the_environment() {
    let environment =
        config(&[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", "errors"), ("RUST_LOG", "error")]);
    for (document, accepted) in [
        ("OTEL_TRACES_SAMPLER=s3cr3t", Some("one of always_on, always_off")),
        ("THUNDRA_KEEP=s3cr3t", Some("a list of errors, slow:500ms, cold; or none")),
        ("THUNDRA_KEEP=,", Some("it has nothing but separators")),
        ("RUST_LOG=a=s3cr3t", Some("a level, or a list")),
        ("THUNDRA_SPANS=a=s3cr3t", Some("a level, or a list")),
        ("THUNDRA_LOG_BUFFER=s3cr3t", Some("a size such as 20KiB")),
        ("OTEL_SDK_DISABLED=s3cr3t", Some("one of true, false")),
        ("THUNDRA_DEBUG_SAMPLE_RATE=s3cr3t", Some("a number from 0 to 1")),
        ("OTEL_TRACES_SAMPLER_ARG=1.5", Some("a number from 0 to 1")),
        ("OTEL_TRACES_SAMPLER_ARG=0.5", Some("an effect only with OTEL_TRACES_SAMPLER=traceidratio")),
        ("THUNDRA_SPANS=info", None),
    ] {
        let (config, problems) = revised(&environment, document);
        assert_eq!(format!("{:?}", config.sampler), format!("{:?}", environment.sampler), "{document}");
        assert_eq!((config.keep, &config.log, config.disabled), (environment.keep, &environment.log, false));
        assert_eq!(problems.len(), usize::from(accepted.is_some()), "{document}: {problems:?}");
        for problem in problems {
            assert!(problem.starts_with(document.split_once('=').unwrap().0), "{problem}");
            assert!(problem.contains(accepted.unwrap()) && !problem.contains("s3cr3t"), "{problem}");
        }
    }
}

#[test]
fn valid_settings_and_items_beside_invalid_ones_are_used() {
    let (config, problems) =
        revised(&config(&[]), "THUNDRA_KEEP=cold,s3cr3t\nOTEL_TRACES_SAMPLER=s3cr3t\nTHUNDRA_SPANS=debug,s3:cr3t");
    assert_eq!(config.keep, Some(Keep::default().cold()));
    assert_eq!(config.spans, "debug".parse().unwrap());
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn a_document_never_undoes_what_the_environment_turned_off() {
    let (config, _) = revised(&config(&[("OTEL_SDK_DISABLED", "true")]), "OTEL_SDK_DISABLED=false");
    assert!(config.disabled);
}

#[test]
fn a_document_never_changes_what_code_has_set() {
    let mut in_code = config(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    in_code.sampler = Sampler::ratio(0.5);
    let (config, problems) = revised(&in_code, "OTEL_TRACES_SAMPLER=always_on\nTHUNDRA_KEEP=cold");
    assert_eq!((config.sampler, config.keep), (Sampler::ratio(0.5), Some(Keep::default().cold())));
    assert_eq!(problems, ["OTEL_TRACES_SAMPLER is not used: the program sets it in code"]);
}

#[test]
fn other_names_are_refused_by_name() {
    let environment = config(&[]);
    for name in [
        "OTEL_TRACES_EXPORTER",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "THUNDRA_PROPAGATE_HOSTS",
        "THUNDRA_TRUST",
        "THUNDRA_MASK_KEYS",
        "THUNDRA_CAPTURE_PAYLOADS",
        "THUNDRA_CONFIG",
        "AWS_SECRET_ACCESS_KEY",
    ] {
        let (config, problems) = revised(&environment, &format!("{name}=s3cr3t\nTHUNDRA_KEEP=cold"));
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        assert!(problem.starts_with(&format!("{name} is not used: a document holds sampling")), "{problem}");
        assert!(!problem.contains("s3cr3t"), "{problem}");
        assert_eq!(config.keep, Some(Keep::default().cold()), "the rest of the document applies");
    }
    for variable in IN_DOCUMENT {
        assert!(REFUSED.contains(variable.name), "{}", variable.name);
    }
    for document in ["s3cr3t=1", "THUNDRA_s3cr3t=1", "THUNDRA_KEEP=cold\ns3cr3t", "PASSWORD=s3cr3t"] {
        let (_, problems) = revised(&environment, document);
        let [problem] = &problems[..] else { panic!("{problems:?}") };
        assert!(problem.starts_with("an entry is not used") && !problem.contains("s3cr3t"), "{problem}");
    }
}
