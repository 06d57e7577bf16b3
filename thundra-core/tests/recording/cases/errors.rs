//! Errors, and texts with credentials.

use super::*;

#[test]
fn errors_become_exceptions() {
    #[instrument(err)]
    fn fails() -> Result<(), String> {
        Err("no money".into())
    }
    assert_eq!(
        recorded(|| {
            fails().unwrap_err();
            let span = info_span!("io");
            span.record_error(&std::io::Error::other("disk"));
            span.set_status(Status::Ok);
            span.set_status(Status::error("ignored: ok is final"));
            info_span!("logs").in_scope(|| error!(code = 7, "it broke"));
        }),
        below_root(&[
            "├ fails ✗ no money",
            "│   · exception exception.message=no money",
            "├ io ok",
            "│   · exception exception.type=Custom exception.message=disk",
            "└ logs ✗ it broke",
            "    · it broke code=7",
        ])
    );
}

/// An error as clients make it, with a source that repeats the address.
fn refused() -> std::io::Error {
    #[derive(Debug)]
    struct Refused(&'static str);
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "GET {}", self.0)
        }
    }
    impl std::error::Error for Refused {}
    std::io::Error::other(Refused("http://user:s3cr3t@h/x?token=s3cr3t"))
}

const SHOWN: &str = "GET http://REDACTED@h/x?REDACTED";

#[test]
fn the_texts_of_errors_keep_no_credentials() {
    #[instrument(err)]
    fn displayed() -> Result<(), std::io::Error> {
        Err(refused())
    }
    #[instrument(err(Debug, level = "warn"))]
    fn debugged() -> Result<(), std::io::Error> {
        Err(refused())
    }
    let (_, spans) = record("root", || {
        info_span!("recorded").record_error(&refused());
        info_span!("status").set_status(Status::error(refused().to_string()));
        let _field = info_span!("field", otel.status_code = "ERROR", otel.status_description = %refused());
        info_span!("late", otel.status_description = tracing::field::Empty)
            .record("otel.status_description", tracing::field::display(refused()));
        let _ = (displayed(), debugged());
        info_span!("message").in_scope(|| error!("cannot pay: {}", refused()));
        info_span!("warned").in_scope(|| warn!("retry: {}", refused()));
        info_span!("event").in_scope(|| error!(error = %refused(), "with Authorization: Bearer s3cr3t"));
        info_span!("value").in_scope(|| info!(cause = &refused() as &dyn std::error::Error, "said"));
    });
    let shown = tree(&spans);
    assert!(!format!("{spans:?}").contains("s3cr3t"), "{shown}");
    for line in [
        format!("recorded ✗ {SHOWN}\n"),
        format!("status ✗ {SHOWN}\n"),
        format!("field ✗ {SHOWN}\n"),
        format!("displayed ✗ {SHOWN}\n"),
        "Custom { kind: Other, error: Refused(\"http://REDACTED@h/x?REDACTED\") }".to_owned(),
        format!("message ✗ cannot pay: {SHOWN}\n"),
        format!("· cannot pay: {SHOWN}\n"),
        format!("· retry: {SHOWN}\n"),
        format!("event ✗ {SHOWN}\n"),
        format!("· exception exception.message={SHOWN} message=with Authorization: Bearer REDACTED\n"),
        format!("· said cause={SHOWN}\n"),
    ] {
        assert!(shown.contains(&line), "{line} in {shown}");
    }
}

#[test]
fn a_scope_is_marked_as_failed_without_credentials() {
    let config = config(&[]);
    for mark in [
        (|scope: &Scope| scope.set_error("refused", refused().to_string())) as fn(&Scope),
        |scope| scope.set_status(Status::error(refused().to_string())),
        |scope| scope.set_error(refused().to_string(), SHOWN),
    ] {
        let scope = Scope::builder("root").begin_with(&config);
        mark(&scope);
        let span = scope.finish().spans().next().unwrap();
        assert_eq!(span.status, Status::error(SHOWN));
        assert!(!format!("{span:?}").contains("s3cr3t"));
    }
}

#[test]
fn a_description_is_redacted_before_it_is_cut() {
    let config = config(&[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "24")]);
    let (_, spans) = record_with(&config, "root", || error!(error = %refused(), "x"));
    // What is cut holds no `@`, which would show that there is a password before it.
    assert_eq!(tree(&spans).lines().next(), Some("root ✗ GET http://REDACTED@h/x? thundra.parent.source=none"));
}

#[test]
fn attributes_set_by_the_program_are_masked_by_their_keys_alone() {
    const URL: &str = "http://u:p@h/?q=1";
    assert_eq!(
        recorded(|| {
            let span = info_span!("a", url = URL, error = URL);
            span.set_attribute("password", "pw");
            span.in_scope(|| info!(url = URL, "got {URL}"));
        }),
        below_root(&[&format!("└ a url={URL} error={URL} password=REDACTED"), &format!("    · got {URL} url={URL}")])
    );
}

#[test]
fn an_exception_has_the_type_and_the_sources_of_its_error() {
    #[derive(Debug)]
    struct Declined(std::num::ParseIntError);
    impl std::fmt::Display for Declined {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("declined")
        }
    }
    impl std::error::Error for Declined {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let declined = || Declined("x".parse::<u8>().unwrap_err());
    const EXCEPTION: &str =
        "exception exception.type=Declined exception.message=declined: invalid digit found in string";
    assert_eq!(
        recorded(|| {
            info_span!("recorded").record_error(&declined());
            info_span!("logged").in_scope(|| error!(error = &declined() as &dyn std::error::Error, "no"));
        }),
        below_root(&[
            "├ recorded ✗ declined: invalid digit found in string",
            &format!("│   · {EXCEPTION}"),
            "└ logged ✗ declined: invalid digit found in string",
            &format!("    · {EXCEPTION} message=no"),
        ])
    );
}

#[test]
fn an_exception_keeps_the_limits_of_events() {
    let config = config(&[("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1"), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4")]);
    let (_, spans) =
        record_with(&config, "root", || info_span!("io").record_error(&std::io::Error::other("disk full")));
    assert!(tree(&spans).contains("io ✗ disk\n    · exception exception.type=Cust\n"), "{}", tree(&spans));
}

#[test]
fn errors_of_the_runtime_are_read_and_not_recorded() {
    // A process has one reader, for the tests of both fronts.
    thundra_core::read_runtime_errors(|_| crate::READ.lock().unwrap().push(thundra_core::ScopeRef::current()));
    for spans in ["info", "off", "my_crate=info", "lambda_runtime=off"] {
        let config = config(&[("THUNDRA_SPANS", spans)]);
        let (scope, spans) = record_with(&config, "root", || {
            error!(target: "lambda_runtime::layers::api_client", status = 413, "refused");
            info!(target: "lambda_runtime::runtime", "no error");
            thundra_core::ScopeRef::current()
        });
        assert_eq!(crate::READ.lock().unwrap().extract_if(.., |read| *read == scope).count(), 1);
        assert!(spans[0].events.is_empty() && !spans[0].status.is_error(), "{spans:?}");
    }
}
